// movex-v0, `emitActionDispatch` and what it sends to the others.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'table' });

const thinking = {
  status: { white: 'thinking', black: 'thinking' },
  moves: { white: [], black: [] },
};
const submitPair = (color, moves) => [
  { type: 'submit', isPrivate: true, payload: { color, moves } },
  { type: 'setReadySubmission', payload: { color } },
];
/** A view of `movesWithReveal`: which moves are seen, who has submitted. */
const view = (seen, submitted) => ({
  status: {
    white: submitted.includes('white') ? 'submitted' : 'thinking',
    black: submitted.includes('black') ? 'submitted' : 'thinking',
  },
  moves: { white: [], black: [], ...seen },
});

const trio = async (t, type, state) => {
  const rid = await t.create(type, state);
  const clients = [await t.raw(), await t.raw(), await t.raw()];
  for (const client of clients) {
    await client.subscribe(rid);
  }
  return { rid, clients };
};

it('a plain action: ack with the checksum, forward to each other subscriber', async (t) => {
  const { rid, clients } = await trio(t, 'counter', { count: 0 });
  const [sender, ...peers] = clients;
  const before = Date.now();
  const answer = await sender.ask('emitActionDispatch', {
    rid,
    action: { type: 'add', payload: 5 },
  });
  const checksum = checksumOf({ count: 5 });
  const { requestAt } = answer.val.masterContext;
  assert.ok(Math.abs(requestAt - before) < 60_000 && Number.isInteger(requestAt));
  assert.deepEqual(answer, {
    ok: true,
    err: false,
    val: { type: 'ack', nextChecksum: checksum, masterContext: { requestAt } },
  });
  for (const peer of peers) {
    const [forwarded] = await peer.next('onFwdAction');
    assert.deepEqual(forwarded, {
      rid,
      action: { type: 'add', payload: 5 },
      checksum,
      masterContext: { requestAt },
    });
  }
  await sender.settled(rid);
  assert.equal(sender.count('onFwdAction'), 0, 'the sender is not told of its own action');
});

it('an event of the server has one argument', { oursOnly: 'the npm server adds a null' }, async (t) => {
  const { rid, clients } = await trio(t, 'counter', { count: 0 });
  const [sender, peer] = clients;
  await sender.dispatch(rid, { type: 'increment' });
  assert.equal((await peer.next('onFwdAction')).length, 1);
});

it('the sender need not subscribe', async (t) => {
  const { rid, clients } = await trio(t, 'counter', { count: 0 });
  const passerBy = await t.raw();
  const ack = await passerBy.dispatch(rid, { type: 'increment' });
  assert.equal(ack.nextChecksum, checksumOf({ count: 1 }));
  for (const client of clients) {
    assert.deepEqual((await client.next('onFwdAction'))[0].action, { type: 'increment' });
  }
});

it('an action that changes nothing is acknowledged and forwarded like any other', async (t) => {
  const { rid, clients } = await trio(t, 'counter', { count: 3 });
  const [sender, peer] = clients;
  const ack = await sender.dispatch(rid, { type: 'unheard-of', payload: { a: [1] } });
  assert.equal(ack.nextChecksum, checksumOf({ count: 3 }));
  const [forwarded] = await peer.next('onFwdAction');
  assert.deepEqual(forwarded.action, { type: 'unheard-of', payload: { a: [1] } });
  assert.equal(forwarded.checksum, checksumOf({ count: 3 }));
});

it('unknown type, unknown id', async (t) => {
  const client = await t.raw();
  const action = { type: 'increment' };
  const ofType = await client.ask('emitActionDispatch', { rid: 'nope:x', action });
  assert.deepEqual([ofType.ok, ofType.err, ofType.val], [false, true, 'MasterResourceInexistent']);
  const ofId = await client.ask('emitActionDispatch', { rid: `counter:${t.fresh()}`, action });
  assert.deepEqual([ofId.ok, ofId.err, ofId.val], [false, true, 'UnknownError']);
});

it('a pair: the ack is of the sender’s view, the forwards of each receiver’s', async (t) => {
  const { rid, clients } = await trio(t, 'movesWithReveal', thinking);
  const [white, black, spectator] = clients;
  const ack = await white.dispatch(rid, submitPair('white', ['e4', 'd4']));
  const whiteView = view({ white: ['e4', 'd4'] }, ['white']);
  assert.equal(ack.type, 'ack');
  assert.equal(ack.nextChecksum, checksumOf(whiteView));

  const publicView = view({}, ['white']);
  for (const peer of [black, spectator]) {
    const [forwarded] = await peer.next('onFwdAction');
    assert.deepEqual(forwarded.action, {
      type: 'setReadySubmission',
      payload: { color: 'white' },
    });
    assert.equal(forwarded.checksum, checksumOf(publicView));
    assert.deepEqual((await peer.state(rid))[0], publicView);
  }
  assert.deepEqual((await white.state(rid))[0], whiteView);
  assert.deepEqual((await t.publicState(rid))[0], publicView);
});

it('a pair without a reveal: the checksum forwarded is that of the receiver’s own view', async (t) => {
  const { rid, clients } = await trio(t, 'moves', thinking);
  const [white, black] = clients;
  await white.dispatch(rid, submitPair('white', ['e4']));
  await black.dispatch(rid, submitPair('black', ['c5']));
  const [toWhite] = await white.next('onFwdAction');
  assert.equal(toWhite.checksum, checksumOf(view({ white: ['e4'] }, ['white', 'black'])));
});

it('a revealing pair: ack and event carry the peers’ private actions', async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const [white, black] = [await t.raw(), await t.raw()];
  await white.subscribe(rid);
  await black.subscribe(rid);
  await white.dispatch(rid, submitPair('white', ['e4']));
  const answer = await black.dispatch(rid, submitPair('black', ['c5']));

  const revealed = view({ white: ['e4'], black: ['c5'] }, ['white', 'black']);
  const finalChecksum = checksumOf(revealed);
  assert.deepEqual(
    { ...answer, masterContext: undefined },
    {
      type: 'reconciliation',
      actions: [{ type: 'submit', payload: { color: 'white', moves: ['e4'] } }],
      finalChecksum,
      masterContext: undefined,
    }
  );
  const [event] = await white.next('onReconciliateActions');
  assert.deepEqual(event, {
    rid,
    actions: [{ type: 'submit', payload: { color: 'black', moves: ['c5'] } }],
    finalChecksum,
    masterContext: answer.masterContext,
  });
  assert.deepEqual(await t.publicState(rid), [revealed, finalChecksum]);
});

it('a revealing pair is not also forwarded to who wrote before', async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const [white, black] = [await t.raw(), await t.raw()];
  await white.subscribe(rid);
  await black.subscribe(rid);
  await white.dispatch(rid, submitPair('white', ['e4']));
  await black.dispatch(rid, submitPair('black', ['c5']));
  await white.settled(rid);
  assert.equal(white.count('onFwdAction'), 0);
});

it('a dispatch without an ack callback is applied too', async (t) => {
  const { rid, clients } = await trio(t, 'counter', { count: 0 });
  const [sender, peer] = clients;
  sender.socket.emit('emitActionDispatch', { rid, action: { type: 'increment' } });
  assert.equal((await peer.next('onFwdAction'))[0].checksum, checksumOf({ count: 1 }));
});

it('a rejected dispatch is not told to the others', { oursOnly: 'the npm server dies' }, async (t) => {
  const { rid, clients } = await trio(t, 'value', null);
  const [sender, peer] = clients;
  // The reducer takes a key out of null, and throws.
  await sender.ask('emitActionDispatch', { rid, action: { type: 'drop', payload: 'x' } });
  await peer.settled(rid);
  assert.equal(peer.count('onFwdAction'), 0);
});
