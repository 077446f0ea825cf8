// M3, M5: a secret phase has a limit, of which each author has a share; a type
// without `$canReconcileState` has no phases.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table' });
const oursOnly = 'the npm server has no limit';

const thinking = {
  status: { white: 'thinking', black: 'thinking' },
  moves: { white: [], black: [] },
};
const submitPair = (color, move) => [
  { type: 'submit', isPrivate: true, payload: { color, moves: [move] } },
  { type: 'setReadySubmission', payload: { color } },
];
const many = (client, rid, color, count) =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      client.askWithin(30_000, 'emitActionDispatch', { rid, action: submitPair(color, `move ${n}`) })
    )
  );

it('who fills a phase is refused, the others are not, and the reveal ends it', { oursOnly }, async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const [white, black, spectator] = [await t.raw(), await t.raw(), await t.raw()];
  for (const client of [white, black, spectator]) {
    await client.subscribe(rid);
  }
  for (let round = 0; white.count('movexRejected') === 0; round += 1) {
    assert.ok(round < 20, 'the phase is full at some time');
    await many(white, rid, 'white', 500);
  }
  const [rejected] = await white.next('movexRejected');
  assert.equal(rejected.code, 'phase_full');

  const ack = await black.dispatch(rid, submitPair('black', 'c5'));
  assert.equal(ack.type, 'reconciliation');
  const accepted = ack.actions.length;
  assert.equal(ack.actions.at(-1).payload.moves[0], `move ${(accepted - 1) % 500}`, 'in order, to the last');
  const [event] = await spectator.next('onReconciliateActions');
  assert.equal(event.actions.length, accepted + 1);
  const [revealed] = await spectator.state(rid);
  assert.deepEqual(revealed.moves, { white: ack.actions.at(-1).payload.moves, black: ['c5'] });

  // The next phase has room again: both have submitted, so it is revealed at once.
  const before = white.count('movexRejected');
  const again = await white.dispatch(rid, submitPair('white', 'Nf3'));
  assert.equal(again.type, 'reconciliation');
  assert.equal(white.count('movexRejected'), before);
});

it('without $canReconcileState no number of secrets is too many', { oursOnly }, async (t) => {
  const rid = await t.create('moves', thinking);
  const white = await t.raw();
  for (let round = 0; round < 6; round += 1) {
    await many(white, rid, 'white', 500);
  }
  assert.equal(white.count('movexRejected'), 0);
  assert.deepEqual((await white.state(rid))[0].moves.white, ['move 499']);
  assert.deepEqual((await t.publicState(rid))[0].moves.white, []);
});
