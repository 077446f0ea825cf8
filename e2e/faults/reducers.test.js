// A reducer that fails costs its call (G8), never the server.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'troubled' });
const oursOnly = 'the npm server dies or hangs';

const FAILURES = ['throw', 'throwNothing', 'loop', 'recurse', 'eat', 'cycle', 'function', 'bigint'];

for (const type of FAILURES) {
  it(`"${type}" is rejected: unchanged, acknowledged with the actual checksum, and told`, { oursOnly }, async (t) => {
    const rid = await t.create('troubled', { count: 3 });
    const [client, peer] = [await t.raw(), await t.raw()];
    await client.subscribe(rid);
    await peer.subscribe(rid);
    const ack = await client.val('emitActionDispatch', { rid, action: { type } });
    // So that the npm client, which ignores error answers, refetches (M28).
    assert.equal(ack.type, 'ack');
    assert.equal(ack.nextChecksum, checksumOf({ count: 3 }));
    assert.equal(typeof ack.masterContext.requestAt, 'number');
    const [rejected] = await client.next('movexRejected');
    assert.deepEqual(rejected.rid, rid);

    const after = await client.dispatch(rid, { type: 'increment' });
    assert.equal(after.nextChecksum, checksumOf({ count: 4 }));
    assert.equal((await peer.next('onFwdAction'))[0].action.type, 'increment');
    assert.equal(peer.count('movexRejected'), 0, 'only its author is told');
  });
}

it('a reducer that mutates its input gets a copy', { oursOnly }, async (t) => {
  const rid = await t.create('troubled', { count: 3 });
  const client = await t.raw();
  const ack = await client.dispatch(rid, { type: 'mutate' });
  assert.equal(ack.nextChecksum, checksumOf({ count: 4 }));
  assert.deepEqual((await client.state(rid))[0], { count: 4 });
});

it('failing hooks count as false and untransformed', { oursOnly }, async (t) => {
  const rid = await t.create('failingHooks', { count: 1 });
  const [client, peer] = [await t.raw(), await t.raw()];
  await client.subscribe(rid);
  await peer.subscribe(rid);
  const ack = await client.dispatch(rid, [
    { type: 'increment', isPrivate: true },
    { type: 'increment' },
  ]);
  assert.equal(ack.type, 'ack', 'no reveal');
  assert.equal(ack.nextChecksum, checksumOf({ count: 2 }));
  assert.equal((await peer.next('onFwdAction'))[0].checksum, checksumOf({ count: 2 }));
});

for (const [what, failPrivate, failPublic] of [
  ['private', true, false],
  ['public', false, true],
]) {
  it(`a pair whose ${what} half fails is rejected as a whole (M7)`, { oursOnly }, async (t) => {
    const rid = await t.create('halves', { count: 0 });
    const [client, peer] = [await t.raw(), await t.raw()];
    await client.subscribe(rid);
    await peer.subscribe(rid);
    const ack = await client.dispatch(rid, [
      { type: 'a', isPrivate: true, payload: { fail: failPrivate } },
      { type: 'b', payload: { fail: failPublic } },
    ]);
    assert.equal(ack.nextChecksum, checksumOf({ count: 0 }));
    await peer.settled(rid);
    assert.equal(peer.count('onFwdAction'), 0);
    assert.deepEqual((await t.publicState(rid))[0], { count: 0 });
    assert.deepEqual((await client.state(rid))[0], { count: 0 });
  });
}

it('an entry that is void in the revealed fold does not stop the reveal (M4)', { oursOnly }, async (t) => {
  const rid = await t.create('voidInReveal', { ready: 0, known: [], blocked: false });
  const [first, second, spectator] = [await t.raw(), await t.raw(), await t.raw()];
  for (const client of [first, second, spectator]) {
    await client.subscribe(rid);
  }
  const hide = (secret) => [
    { type: 'hide', isPrivate: true, payload: secret },
    { type: 'hidden' },
  ];
  await first.dispatch(rid, hide('one'));
  // In the second author's own view nobody was first; in the revealed fold
  // somebody was, and the entry is void there.
  await second.dispatch(rid, hide('two'));
  const [toSpectator] = await spectator.next('onReconciliateActions');
  const revealed = (await spectator.state(rid))[0];
  assert.deepEqual(revealed, { ready: 1, known: ['one'], blocked: false });
  assert.equal(toSpectator.finalChecksum, checksumOf(revealed));
  for (const client of [first, second]) {
    assert.deepEqual((await client.state(rid))[0], revealed);
  }
});

it('the neighbours of a looping reducer are served meanwhile or right after', { oursOnly }, async (t) => {
  const looping = await t.create('troubled', { count: 0 });
  const neighbour = await t.create('halves', { count: 0 });
  const [culprit, other] = [await t.raw(), await t.raw()];
  const loops = culprit.dispatch(looping, { type: 'loop' });
  const ack = await other.dispatch(neighbour, { type: 'a', payload: {} });
  assert.equal(ack.nextChecksum, checksumOf({ count: 1 }));
  await loops;
});
