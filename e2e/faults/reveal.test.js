// Reveals that the npm server forgets, or dies of.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'table', args: ['--v0-retention-ms', '100'] });

const thinking = {
  status: { white: 'thinking', black: 'thinking' },
  moves: { white: [], black: [] },
};
const submitPair = (color, moves) => [
  { type: 'submit', isPrivate: true, payload: { color, moves } },
  { type: 'setReadySubmission', payload: { color } },
];
const submit = (color, moves) => ({ type: 'submit', payload: { color, moves } });
const revealed = {
  status: { white: 'submitted', black: 'submitted' },
  moves: { white: ['e4'], black: ['c5'] },
};

it('a spectator learns of the reveal', { oursOnly: 'the npm server tells authors only' }, async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const [white, black, spectator] = [await t.raw(), await t.raw(), await t.raw()];
  for (const client of [white, black, spectator]) {
    await client.subscribe(rid);
  }
  await white.dispatch(rid, submitPair('white', ['e4']));
  const ack = await black.dispatch(rid, submitPair('black', ['c5']));
  const [event] = await spectator.next('onReconciliateActions');
  assert.deepEqual(event, {
    rid,
    actions: [submit('white', ['e4']), submit('black', ['c5'])],
    finalChecksum: checksumOf(revealed),
    masterContext: ack.masterContext,
  });
  assert.deepEqual((await spectator.state(rid))[0], revealed);
});

it('a reveal works when an author has left for good', { oursOnly: 'the npm server dies' }, async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const white = await t.raw({ id: undefined });
  const [black, spectator] = [await t.raw(), await t.raw()];
  for (const client of [white, black, spectator]) {
    await client.subscribe(rid);
  }
  await white.dispatch(rid, submitPair('white', ['e4']));
  white.close();
  await black.next('onResourceSubscriberRemoved');
  const ack = await black.dispatch(rid, submitPair('black', ['c5']));
  assert.deepEqual(ack.actions, [submit('white', ['e4'])]);
  assert.equal(ack.finalChecksum, checksumOf(revealed));
  await spectator.next('onReconciliateActions');
  assert.deepEqual((await t.publicState(rid))[0], revealed);
});

it('an author who never subscribed is revealed too', { oursOnly: 'the npm server dies' }, async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const [white, black] = [await t.raw(), await t.raw()];
  await black.subscribe(rid);
  await white.dispatch(rid, submitPair('white', ['e4']));
  const ack = await black.dispatch(rid, submitPair('black', ['c5']));
  assert.equal(ack.finalChecksum, checksumOf(revealed));
  await white.settled(rid);
  assert.equal(white.count('onReconciliateActions'), 0, 'who has not subscribed is not told');
});

it('a reveal caused by a plain action: the sender gets its ack, and then the event', { oursOnly: 'the npm server asks after pairs only' }, async (t) => {
  const rid = await t.create('quietGame', { ready: 0, open: false, secrets: {} });
  const [author, opener] = [await t.raw(), await t.raw()];
  await author.subscribe(rid);
  await opener.subscribe(rid);
  await author.dispatch(rid, [
    { type: 'hide', isPrivate: true, payload: { by: 'author', secret: 'x' } },
    { type: 'hidden' },
  ]);
  const ack = await opener.dispatch(rid, { type: 'open' });
  const shown = { ready: 1, open: true, secrets: { author: 'x' } };
  assert.equal(ack.type, 'ack');
  assert.equal(ack.nextChecksum, checksumOf({ ready: 1, open: true, secrets: {} }));
  const [event] = await opener.next('onReconciliateActions');
  assert.deepEqual(event.actions, [{ type: 'hide', payload: { by: 'author', secret: 'x' } }]);
  assert.equal(event.finalChecksum, checksumOf(shown));

  // The author has all secrets already: an ordinary forward, then an empty event.
  assert.equal((await author.next('onFwdAction'))[0].action.type, 'open');
  const [toAuthor] = await author.next('onReconciliateActions');
  assert.deepEqual(toAuthor.actions, []);
  assert.equal(toAuthor.finalChecksum, checksumOf(shown));
  assert.deepEqual((await t.publicState(rid))[0], shown);
});

it('who subscribes after the reveal sees it, who did before the secret does not (M17)', { oursOnly: 'the npm server tells authors only' }, async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const [white, black] = [await t.raw(), await t.raw()];
  await white.dispatch(rid, submitPair('white', ['e4']));
  const early = await t.raw();
  const { state } = await early.subscribe(rid);
  assert.deepEqual(state[0].moves, { white: [], black: [] });
  await black.dispatch(rid, submitPair('black', ['c5']));
  const late = await t.raw();
  assert.deepEqual((await late.subscribe(rid)).state, [revealed, checksumOf(revealed)]);
});

it('an author who returns under the same id has the own secret still', async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const id = t.fresh('white');
  const white = await t.raw({ id });
  await white.subscribe(rid);
  await white.dispatch(rid, submitPair('white', ['e4']));
  white.close();
  const again = await t.raw({ id });
  const { state } = await again.subscribe(rid);
  assert.deepEqual(state[0].moves.white, ['e4']);
});
