// movex-v0, "Connection".

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { openWebSocket } from '../support/websocket.js';

const it = withServer({ app: 'table' });

it('the handshake is that of Engine.IO 4 over WebSocket', async (t) => {
  const socket = t.closes(await openWebSocket(t.server, '?clientId=h&clientInfo=%7B%7D'));
  const open = await socket.next();
  assert.equal(open[0], '0');
  const { sid, ...rest } = JSON.parse(open.slice(1));
  assert.equal(typeof sid, 'string');
  assert.deepEqual(rest, {
    upgrades: [],
    pingInterval: 25000,
    pingTimeout: 20000,
    maxPayload: 1000000,
  });

  socket.send('40');
  const connected = await socket.next();
  assert.match(connected, /^40\{"sid":"[^"]+"\}$/);
  const ready = await socket.next();
  assert.match(ready, /^42\["onReady",\{/);
});

it('onReady names the client and its info', async (t) => {
  const id = t.fresh('alice');
  const client = await t.raw({ id, info: { name: 'Alice', level: 3 } });
  const { id: readyId, info } = client.client;
  assert.deepEqual({ readyId, info }, { readyId: id, info: { name: 'Alice', level: 3 } });
});

it('onReady carries nothing but id and info', { oursOnly: 'the npm server adds a null argument' }, async (t) => {
  const id = t.fresh('alice');
  const client = await t.raw({ id, info: { name: 'Alice' } });
  const [ready] = client.events;
  assert.deepEqual(ready, { event: 'onReady', args: [{ id, info: { name: 'Alice' } }] });
});

it('a client without an id is given one, each its own', async (t) => {
  const first = await t.raw({ id: undefined });
  const second = await t.raw({ id: undefined });
  assert.equal(typeof first.client.id, 'string');
  assert.notEqual(first.client.id, '');
  assert.notEqual(first.client.id, second.client.id);
});

it('an empty client id counts as none', async (t) => {
  const client = await t.raw({ id: '' });
  assert.notEqual(client.client.id, '');
});

it('onReady comes again after a reconnection', async (t) => {
  const id = t.fresh('back');
  const client = await t.raw({
    id,
    reconnection: true,
    reconnectionDelay: 10,
    reconnectionDelayMax: 20,
  });
  client.socket.io.engine.close();
  const [again] = await client.next('onReady');
  assert.equal(again.id, id);
});

it('a second connection with the same id takes over', async (t) => {
  const id = t.fresh('twice');
  const first = await t.raw({ id, reconnection: true });
  const second = await t.raw({ id });
  assert.equal(await first.disconnected(), 'io server disconnect');
  assert.equal((await second.ask('ping', null)).ok, true);
  assert.equal(first.socket.active, false, 'the older one stays away');
});

it('after a takeover the resources work for the newer connection', async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const id = t.fresh('twice');
  const first = await t.raw({ id });
  await first.subscribe(rid);
  const second = await t.raw({ id });
  await first.disconnected();
  await second.subscribe(rid);
  const peer = await t.raw();
  await peer.subscribe(rid);
  await peer.dispatch(rid, { type: 'increment' });
  const [forwarded] = await second.next('onFwdAction');
  assert.deepEqual(forwarded.action, { type: 'increment' });
});

it('a path in the url is another namespace, which does not exist', async (t) => {
  const client = t.dial({ id: t.fresh('ns'), info: {}, namespace: '/elsewhere' });
  const error = await client.refused();
  assert.match(error.message, /namespace/i);
});

it('long-polling works too', async (t) => {
  const rid = await t.create('counter', { count: 4 });
  const client = await t.raw({ transports: ['polling'] });
  assert.deepEqual((await client.state(rid))[0], { count: 4 });
});

it('polling upgrades to WebSocket', async (t) => {
  const client = await t.raw({ transports: ['polling', 'websocket'], upgrade: true });
  const { engine } = client.socket.io;
  if (engine.transport.name !== 'websocket') {
    await new Promise((resolve) => engine.once('upgrade', resolve));
  }
  assert.equal((await client.ask('ping', null)).ok, true);
});
