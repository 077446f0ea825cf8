// movex-v0, "Client to server": every row but the dispatch.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'table' });

const NOT_FOUND = (rid) => ({
  type: 'MovexStoreError',
  reason: 'ResourceInexistent',
  content: { rid },
});
const unknownType = { ok: false, err: true, val: 'MasterResourceInexistent' };

/** An error answer without what the npm server leaks into it. */
const plain = ({ _stack, ...answer }) => answer;

it('ping is answered by a pong and then by an ack without a value', async (t) => {
  const client = await t.raw();
  const { ok, err, val } = await client.ask('ping', null);
  assert.deepEqual({ ok, err }, { ok: true, err: false });
  assert.equal(val ?? null, null);
  assert.equal(client.count('pong'), 1, 'the pong was there before the ack');
});

it('createResource answers the shape, with no subscribers', async (t) => {
  const client = await t.raw();
  const id = t.fresh('made');
  assert.deepEqual(
    await client.ask('createResource', {
      resourceType: 'counter',
      resourceState: { count: 2 },
      resourceId: id,
    }),
    {
      ok: true,
      err: false,
      val: {
        rid: `counter:${id}`,
        state: [{ count: 2 }, checksumOf({ count: 2 })],
        subscribers: {},
      },
    }
  );
});

for (const [how, resourceId] of [
  ['missing', undefined],
  ['empty', ''],
]) {
  it(`createResource with a ${how} id makes up a uuid`, async (t) => {
    const client = await t.raw();
    const { rid } = await client.val('createResource', {
      resourceType: 'counter',
      resourceState: { count: 0 },
      ...(resourceId !== undefined && { resourceId }),
    });
    assert.match(rid, /^counter:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual((await client.state(rid))[0], { count: 0 });
  });
}

it('createResource turns a number into a string', async (t) => {
  const client = await t.raw();
  const resourceId = 1_000_000 + Math.floor(Math.random() * 1e9);
  const { rid } = await client.val('createResource', {
    resourceType: 'counter',
    resourceState: { count: 0 },
    resourceId,
  });
  assert.equal(rid, `counter:${resourceId}`);
  assert.deepEqual((await client.state(`counter:${resourceId}`))[0], { count: 0 });
});

it('createResource of an unknown type is an error', async (t) => {
  const client = await t.raw();
  const answer = await client.ask('createResource', { resourceType: 'nope', resourceState: {} });
  assert.deepEqual(plain(answer), unknownType);
});

it('addResourceSubscriber answers the shape, the sender included', async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const client = await t.raw({ info: { name: 'Ada' } });
  const { id } = client.client;
  const answer = await client.ask('addResourceSubscriber', { rid, clientInfo: { name: 'Ada' } });
  assert.deepEqual(answer, {
    ok: true,
    err: false,
    val: {
      rid,
      state: [{ count: 1 }, checksumOf({ count: 1 })],
      subscribers: { [id]: { id, info: { name: 'Ada' } } },
    },
  });
});

it('addResourceSubscriber lists who was there, and they are told', async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const first = await t.raw({ info: { name: 'First' } });
  await first.subscribe(rid);
  const second = await t.raw({ info: { name: 'Second' } });
  const { subscribers } = await second.subscribe(rid);
  assert.deepEqual(subscribers, {
    [first.client.id]: { id: first.client.id, info: { name: 'First' } },
    [second.client.id]: { id: second.client.id, info: { name: 'Second' } },
  });

  const [told] = await first.next('onResourceSubscriberAdded');
  const { id, info } = told.client;
  assert.deepEqual({ rid: told.rid, id, info }, { rid, id: second.client.id, info: { name: 'Second' } });
  assert.equal(typeof told.masterContext.requestAt, 'number');
  await second.settled(rid);
  assert.equal(second.count('onResourceSubscriberAdded'), 0, 'not told of itself');
});

it('who leaves is taken off, and the others are told', async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const stays = await t.raw();
  await stays.subscribe(rid);
  const leaves = await t.raw({ id: undefined });
  await leaves.subscribe(rid);
  await stays.next('onResourceSubscriberAdded');
  leaves.close();
  const [told] = await stays.next('onResourceSubscriberRemoved');
  assert.deepEqual(told, { rid, clientId: leaves.client.id });
  const subscribers = await stays.val('getResourceSubscribers', { rid });
  assert.deepEqual(Object.keys(subscribers), [stays.client.id]);
});

it('addResourceSubscriber: unknown type, unknown id', async (t) => {
  const client = await t.raw();
  assert.deepEqual(plain(await client.ask('addResourceSubscriber', { rid: 'nope:x' })), unknownType);
  assert.deepEqual(plain(await client.ask('addResourceSubscriber', { rid: `counter:${t.fresh()}` })), {
    ok: false,
    err: true,
    val: 'UnknownError',
  });
});

it('subscribing twice changes nothing', async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const client = await t.raw();
  const peer = await t.raw();
  await client.subscribe(rid);
  await peer.subscribe(rid);
  const { subscribers } = await client.subscribe(rid);
  assert.equal(Object.keys(subscribers).length, 2);
  await client.dispatch(rid, { type: 'increment' });
  await peer.next('onFwdAction');
  await peer.settled(rid);
  assert.equal(peer.count('onFwdAction'), 1);
});

it('getResource, getResourceState and getResourceSubscribers need no subscription', async (t) => {
  const rid = await t.create('counter', { count: 7 });
  const subscriber = await t.raw({ info: { name: 'Sub' } });
  await subscriber.subscribe(rid);
  const reader = await t.raw();
  const { id } = subscriber.client;
  const state = [{ count: 7 }, checksumOf({ count: 7 })];
  const subscribers = { [id]: { id, info: { name: 'Sub' } } };
  assert.deepEqual(await reader.ask('getResource', { rid }), {
    ok: true,
    err: false,
    val: { rid, state, subscribers },
  });
  assert.deepEqual(await reader.ask('getResourceState', { rid }), { ok: true, err: false, val: state });
  assert.deepEqual(await reader.ask('getResourceSubscribers', { rid }), {
    ok: true,
    err: false,
    val: subscribers,
  });
});

it('getResourceState of an unknown type is an error', async (t) => {
  const client = await t.raw();
  assert.deepEqual(plain(await client.ask('getResourceState', { rid: 'nope:x' })), unknownType);
});

for (const event of ['getResource', 'getResourceSubscribers']) {
  it(`${event} of an unknown type is an error`, { oursOnly: 'the npm server throws' }, async (t) => {
    const client = await t.raw();
    assert.deepEqual(plain(await client.ask(event, { rid: 'nope:x' })), unknownType);
  });
}

for (const event of ['getResource', 'getResourceState', 'getResourceSubscribers']) {
  it(`${event} of an unknown id says so, with the rid as it was sent`, async (t) => {
    const client = await t.raw();
    const resourceId = t.fresh('gone');
    const asText = `counter:${resourceId}`;
    const asObject = { resourceType: 'counter', resourceId };
    for (const rid of [asText, asObject]) {
      assert.deepEqual(plain(await client.ask(event, { rid })), {
        ok: false,
        err: true,
        val: NOT_FOUND(rid),
      });
    }
  });
}

it('an unknown event is answered, with an error', { oursOnly: 'the npm server says nothing' }, async (t) => {
  const client = await t.raw();
  const answer = await client.ask('removeResourceSubscriber', { rid: 'counter:x' });
  assert.equal(answer.ok, false);
  assert.equal(answer.err, true);
});

it('an error answer carries ok, err and val, and no stack', { oursOnly: 'the npm server leaks _stack' }, async (t) => {
  const client = await t.raw();
  const answer = await client.ask('getResourceState', { rid: 'nope:x' });
  assert.deepEqual(Object.keys(answer).sort(), ['err', 'ok', 'val']);
});
