// What the npm server does to states.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'table' });

it('200 pipelined increments of one client are 200', { oursOnly: 'the npm server ends at 3' }, async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const client = await t.raw();
  await client.subscribe(rid);
  const acks = await Promise.all(
    Array.from({ length: 200 }, () => client.dispatch(rid, { type: 'increment' }))
  );
  assert.deepEqual(
    acks.map((ack) => ack.nextChecksum),
    acks.map((_, index) => checksumOf({ count: index + 1 })),
    'each is acknowledged with its own state'
  );
  assert.deepEqual((await client.state(rid))[0], { count: 200 });
});

it('a removed top-level key stays removed', { oursOnly: 'the npm server merges it back' }, async (t) => {
  const rid = await t.create('value', { keep: 1, gone: 2 });
  const client = await t.raw();
  const ack = await client.dispatch(rid, { type: 'drop', payload: 'gone' });
  assert.equal(ack.nextChecksum, checksumOf({ keep: 1 }));
  assert.deepEqual((await client.state(rid))[0], { keep: 1 });
  assert.deepEqual((await t.publicState(rid))[0], { keep: 1 });
});

for (const [from, to] of [
  [1, 2],
  [[1, 2], [3]],
  ['a', 'b'],
  [true, false],
  [null, 0],
  [{ a: 1 }, [1]],
  [[1], { a: 1 }],
  [{ a: 1 }, null],
]) {
  it(`${JSON.stringify(from)} becomes ${JSON.stringify(to)}`, { oursOnly: 'the npm server merges' }, async (t) => {
    const rid = await t.create('value', from);
    const client = await t.raw();
    assert.deepEqual((await client.subscribe(rid)).state, [from, checksumOf(from)]);
    const ack = await client.dispatch(rid, { type: 'set', payload: to });
    assert.equal(ack.nextChecksum, checksumOf(to));
    assert.deepEqual(await client.state(rid), [to, checksumOf(to)]);
  });
}

it('an array state grows by an action', { oursOnly: 'the npm server merges' }, async (t) => {
  const rid = await t.create('value', []);
  const client = await t.raw();
  for (const item of [1, { b: 1, a: 2 }, [3]]) {
    await client.dispatch(rid, { type: 'push', payload: item });
  }
  assert.deepEqual((await client.state(rid))[0], [1, { b: 1, a: 2 }, [3]]);
});

it('createResource with an id that exists answers an error and changes nothing', { oursOnly: 'the npm server replaces it' }, async (t) => {
  const id = t.fresh('taken');
  const rid = await t.create('counter', { count: 5 }, id);
  const [client, peer] = [await t.raw(), await t.raw()];
  await client.subscribe(rid);
  await peer.subscribe(rid);
  const answer = await client.ask('createResource', {
    resourceType: 'counter',
    resourceState: { count: 0 },
    resourceId: id,
  });
  assert.deepEqual([answer.ok, answer.err], [false, true]);
  assert.deepEqual((await client.state(rid))[0], { count: 5 });
  const subscribers = await client.val('getResourceSubscribers', { rid });
  assert.equal(Object.keys(subscribers).length, 2);
  await client.dispatch(rid, { type: 'increment' });
  assert.equal((await peer.next('onFwdAction'))[0].checksum, checksumOf({ count: 6 }));
});

it('the same id in two types is two resources', async (t) => {
  const id = t.fresh('both');
  const counter = await t.create('counter', { count: 5 }, id);
  const value = await t.create('value', { v: 'x' }, id);
  const client = await t.raw();
  assert.deepEqual((await client.state(counter))[0], { count: 5 });
  assert.deepEqual((await client.state(value))[0], { v: 'x' });
});
