// npm-scenarios: state derived at the reveal, and what comes after it.

import { withServer } from '../support/fixture.js';
import { convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'table' });

const start = {
  round: 1,
  ready: { a: false, b: false },
  hands: { a: null, b: null },
  winner: null,
};
const play = (bound, seat, hand) =>
  bound.dispatchPrivate({ type: 'play', payload: { seat, hand } }, { type: 'setReady', payload: { seat } });
const over = (round, a, b, winner) => ({
  round,
  ready: { a: true, b: true },
  hands: { a, b },
  winner,
});

const players = async (t, ...names) => {
  const rid = await t.create('rps', start);
  const windows = [];
  for (const name of names) {
    windows.push(await (await t.npm(name)).bind(rid));
  }
  return [rid, ...windows];
};

for (const [a, b, winner] of [
  ['rock', 'scissors', 'a'],
  ['rock', 'paper', 'b'],
  ['paper', 'paper', 'draw'],
]) {
  it(`${a} against ${b}: the winner is there for both after the reveal`, async (t) => {
    const [rid, first, second] = await players(t, 'first', 'second');
    play(first, 'a', a);
    await second.until((state) => state.ready.a);
    play(second, 'b', b);
    await convergedInPublic(t, rid, over(1, a, b, winner), [first, second]);
  });
}

it('the spectators see the winner', { oursOnly: 'the npm server forgets spectators' }, async (t) => {
  const [rid, first, second, spectator] = await players(t, 'first', 'second', 'spectator');
  play(first, 'a', 'rock');
  await second.until((state) => state.ready.a);
  play(second, 'b', 'scissors');
  await convergedInPublic(t, rid, over(1, 'rock', 'scissors', 'a'), [first, second, spectator]);
});

it('the same player twice: the later hand counts, for all', { oursOnly: 'the npm server forgets spectators' }, async (t) => {
  const [rid, first, second, spectator] = await players(t, 'first', 'second', 'spectator');
  play(first, 'a', 'paper');
  await first.client.idle();
  play(first, 'a', 'rock');
  await first.client.idle();
  await second.until((state) => state.ready.a);
  play(second, 'b', 'rock');
  await convergedInPublic(t, rid, over(1, 'rock', 'rock', 'draw'), [first, second, spectator]);
});

it('it goes on after a refetch: five rounds', { oursOnly: 'the npm server forgets spectators' }, async (t) => {
  const [rid, first, second, spectator] = await players(t, 'first', 'second', 'spectator');
  const all = [first, second, spectator];
  const hands = ['rock', 'paper', 'scissors'];
  for (let round = 1; round <= 5; round += 1) {
    // Twice by the first: an npm client refetches at that reveal.
    play(first, 'a', hands[round % 3]);
    await first.client.idle();
    play(first, 'a', 'paper');
    await second.until((state) => state.ready.a && state.round === round);
    play(second, 'b', 'rock');
    await convergedInPublic(t, rid, over(round, 'paper', 'rock', 'a'), all);
    (round % 2 === 0 ? first : second).dispatch({ type: 'nextRound' });
    await convergedInPublic(t, rid, { ...start, round: round + 1 }, all);
  }
});

it('the next round after a plain reveal', async (t) => {
  const [rid, first, second] = await players(t, 'first', 'second');
  for (let round = 1; round <= 3; round += 1) {
    play(second, 'b', 'scissors');
    await first.until((state) => state.ready.b && state.round === round);
    play(first, 'a', 'rock');
    await convergedInPublic(t, rid, over(round, 'rock', 'scissors', 'a'), [first, second]);
    first.dispatch({ type: 'nextRound' });
    await convergedInPublic(t, rid, { ...start, round: round + 1 }, [first, second]);
  }
});
