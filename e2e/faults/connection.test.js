// Each of these ends the npm server's process, or its answer to everybody else.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { openWebSocket } from '../support/websocket.js';

const it = withServer({ app: 'table' });
const oursOnly = 'the npm server dies';

it('a connection without clientInfo is a client without info', { oursOnly }, async (t) => {
  const client = await t.raw({ info: undefined });
  assert.deepEqual(client.client.info, {});
  const rid = await t.create('counter', { count: 0 });
  await client.val('addResourceSubscriber', { rid });
});

for (const clientInfo of ['{', 'null', '[]', '7', '"text"', '', '\u0000', '{"a":1}}', '%']) {
  it(`clientInfo ${JSON.stringify(clientInfo)} hurts nobody`, { oursOnly }, async (t) => {
    const client = t.dial({ id: t.fresh('odd'), query: { clientInfo } });
    // It is served with some info, or refused: the same server serves the next.
    await Promise.race([client.ready(), client.refused(), client.disconnected()]);
    const next = await t.raw();
    assert.equal((await next.ask('ping', null)).ok, true);
  });
}

for (const id of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
  it(`the client id ${id} is a name like any other`, { oursOnly }, async (t) => {
    const rid = await t.create('counter', { count: 0 });
    const client = await t.raw({ id });
    assert.equal(client.client.id, id);
    const peer = await t.raw();
    await peer.subscribe(rid);
    await client.subscribe(rid);
    assert.equal((await peer.next('onResourceSubscriberAdded'))[0].client.id, id);
    const subscribers = await peer.val('getResourceSubscribers', { rid });
    assert.deepEqual(Object.keys(subscribers).sort(), [id, peer.client.id].sort());
    await client.dispatch(rid, { type: 'increment' });
    await peer.next('onFwdAction');
  });
}

it('a very long client id hurts nobody', { oursOnly }, async (t) => {
  const client = t.dial({ id: 'x'.repeat(6000), info: {} });
  await Promise.race([client.ready(), client.refused(), client.disconnected()]);
  await t.raw();
});

const frames = {
  'no event name': '42[]',
  'an event that is no array': '42{"a":1}',
  'an event name that is no text': '42[7,{}]',
  'half a JSON': '42["ping"',
  'an ack for nothing': '43999[1]',
  'a binary event without attachments': '451-["ping",{"_placeholder":true,"num":0}]',
  'an event before the handshake is done twice': '40',
  'an unknown Socket.IO packet': '49',
  'an event with a reserved name': '42["disconnect",1]',
  'another reserved name': '42["connect_error"]',
  'an unknown Engine.IO packet': 'z',
  'nothing': '',
  'a huge ack id': '4299999999999999999999["ping",null]',
  'an event on a namespace that is not open': '42/admin,["ping",null]',
};
for (const [what, frame] of Object.entries(frames)) {
  it(`a malformed frame ends at most its own connection: ${what}`, async (t) => {
    const bare = t.closes(await openWebSocket(t.server, `?clientId=${t.fresh()}&clientInfo=%7B%7D`));
    bare.send('40');
    await bare.next();
    bare.send(frame);
    bare.send('42["ping",null]');
    const next = await t.raw();
    assert.equal((await next.ask('ping', null)).ok, true);
  });
}
