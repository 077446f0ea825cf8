// Payloads that end the npm server's process: ours answers an error.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table' });
const oursOnly = 'the npm server dies';

const EVENTS = [
  'createResource',
  'addResourceSubscriber',
  'getResource',
  'getResourceState',
  'getResourceSubscribers',
  'emitActionDispatch',
];

const assertRefused = (answer, what) =>
  assert.deepEqual(
    { ok: answer.ok, err: answer.err, hasVal: 'val' in answer },
    { ok: false, err: true, hasVal: true },
    what
  );

for (const event of EVENTS) {
  it(`${event} without a payload is an error`, { oursOnly }, async (t) => {
    const client = await t.raw();
    assertRefused(await client.ask(event), 'no argument at all');
    for (const payload of [null, undefined, 7, 'text', [], {}, true]) {
      assertRefused(await client.ask(event, payload), JSON.stringify(payload));
    }
  });
}

it('ping is answered whatever it carries', async (t) => {
  const client = await t.raw();
  for (const payload of [null, undefined, 7, { a: 1 }]) {
    assert.equal((await client.ask('ping', payload)).ok, true);
  }
});

for (const type of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
  it(`the resource type ${type} is unknown`, { oursOnly }, async (t) => {
    const client = await t.raw();
    const resourceType = type;
    const created = await client.ask('createResource', { resourceType, resourceState: {} });
    assert.equal(created.val, 'MasterResourceInexistent');
    for (const rid of [`${type}:x`, { resourceType, resourceId: 'x' }]) {
      for (const event of EVENTS.slice(1)) {
        const answer = await client.ask(event, { rid, action: { type: 'a' } });
        assertRefused(answer, event);
        assert.equal(answer.val, 'MasterResourceInexistent', event);
      }
    }
    assert.equal((await t.http(`/api/resources/${type}:x/state`)).status, 400);
  });

  it(`the resource id ${type} is an id like any other`, { oursOnly }, async (t) => {
    const client = await t.raw();
    const rid = `chat:${type}`;
    assertRefused(await client.ask('getResource', { rid }), 'before it is made');
    await client.val('createResource', {
      resourceType: 'chat',
      resourceId: type,
      resourceState: { participants: ['a'], messages: [] },
    });
    await client.dispatch(rid, { type: 'join', payload: 'b' });
    assert.deepEqual((await client.state(rid))[0].participants, ['a', 'b']);
  });
}

const ACTIONS = {
  'null': null,
  'no action': undefined,
  'an empty array': [],
  'a pair of nulls': [null, null],
  'one in an array': [{ type: 'increment' }],
  'three in an array': [{ type: 'increment' }, { type: 'increment' }, { type: 'increment' }],
  'a text': 'increment',
  'a number': 7,
  'no type': { payload: 1 },
  'a type that is no text': { type: 7 },
  'a null type': { type: null },
  'an empty object': {},
};
for (const [what, action] of Object.entries(ACTIONS)) {
  it(`a malformed action is an error and changes nothing: ${what}`, { oursOnly }, async (t) => {
    const rid = await t.create('counter', { count: 0 });
    const [client, peer] = [await t.raw(), await t.raw()];
    await client.subscribe(rid);
    await peer.subscribe(rid);
    assertRefused(await client.ask('emitActionDispatch', { rid, action }), what);
    await peer.settled(rid);
    assert.equal(peer.count('onFwdAction'), 0);
    assert.deepEqual((await client.state(rid))[0], { count: 0 });
  });
}

const nested = (depth, open, close) => open.repeat(depth) + close.repeat(depth);
for (const [what, text] of [
  ['arrays', nested(100_000, '[', ']')],
  ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
]) {
  it(`a very deep JSON hurts nobody: ${what} as an action’s payload`, { oursOnly }, async (t) => {
    const rid = await t.create('value', { safe: true });
    const { connectBare } = await import('../support/websocket.js');
    const bare = t.closes(await connectBare(t.server, t.fresh('deep')));
    bare.send(`421["emitActionDispatch",{"rid":"${rid}","action":{"type":"set","payload":${text}}}]`);
    // An error answer, or the end of that connection.
    await Promise.race([bare.next(), bare.closed()]);
    const next = await t.raw();
    assert.deepEqual((await next.state(rid))[0], { safe: true });
  });

  it(`a very deep JSON hurts nobody: ${what} as a state`, { oursOnly }, async (t) => {
    const { connectBare } = await import('../support/websocket.js');
    const bare = t.closes(await connectBare(t.server, t.fresh('deep')));
    bare.send(`421["createResource",{"resourceType":"value","resourceState":${text}}]`);
    await Promise.race([bare.next(), bare.closed()]);
    const next = await t.raw();
    assert.equal((await next.ask('ping', null)).ok, true);
  });
}

it('a message over the limit ends its own connection', async (t) => {
  const client = await t.raw();
  client.socket.emit('createResource', {
    resourceType: 'value',
    resourceState: 'x'.repeat(1_100_000),
  });
  await client.disconnected();
  await t.raw();
});

it('a message just under the limit is served', async (t) => {
  const client = await t.raw();
  const { state } = await client.val('createResource', {
    resourceType: 'value',
    resourceState: 'x'.repeat(900_000),
  });
  assert.equal(state[0].length, 900_000);
});

it('a lone surrogate is an error, not the end', { oursOnly: 'JavaScript takes it' }, async (t) => {
  const { connectBare } = await import('../support/websocket.js');
  const bare = t.closes(await connectBare(t.server, t.fresh('lone')));
  bare.send('421["createResource",{"resourceType":"value","resourceState":"\\ud800"}]');
  assert.match(await bare.next(), /^431\[\{.*"ok":false/);
});

it('keys that JavaScript objects have already are kept as data', async (t) => {
  const client = await t.raw();
  const text = '{"__proto__":{"polluted":true},"constructor":1,"toString":2}';
  const { connectBare } = await import('../support/websocket.js');
  const bare = t.closes(await connectBare(t.server, t.fresh('proto')));
  bare.send(`421["createResource",{"resourceType":"value","resourceState":${text}}]`);
  await bare.next();
  assert.equal((await client.ask('ping', null)).ok, true);
  const { state } = await client.val('createResource', { resourceType: 'value', resourceState: {} });
  assert.deepEqual(state[0], {}, 'nothing else is polluted');
});
