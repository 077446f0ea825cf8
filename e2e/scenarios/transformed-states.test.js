// npm-scenarios, "State transformer", alone and with a master action.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { converged, convergedInPublic } from '../support/converged.js';
import { askUntil } from '../support/until.js';

const it = withServer({ app: 'table' });

const past = 1_000;
const far = () => Date.now() + 3_600_000;
const game = (endsAt, more = {}) => ({ status: 'ongoing', endsAt, taps: 0, note: '', ...more });

const pairOf = async (t, type, state) => {
  const rid = await t.create(type, state);
  return [rid, await (await t.npm('a')).bind(rid), await (await t.npm('b')).bind(rid)];
};

it('the initial state is transformed', async (t) => {
  const [rid, a, b] = await pairOf(t, 'speed', game(past));
  await convergedInPublic(t, rid, game(past, { status: 'completed' }), [a, b]);
});

it('a state whose time has not come is shown as it is', async (t) => {
  const endsAt = far();
  const [rid, a, b] = await pairOf(t, 'speed', game(endsAt));
  a.dispatch({ type: 'tap' });
  await convergedInPublic(t, rid, game(endsAt, { taps: 1 }), [a, b]);
  assert.deepEqual([a.client.refetches, b.client.refetches], [0, 0]);
});

it('an action that triggers it: sender and peer show it, without a mismatch', async (t) => {
  const [rid, a, b] = await pairOf(t, 'speed', game(far()));
  a.dispatch({ type: 'setEnd', payload: past });
  await convergedInPublic(t, rid, game(past, { status: 'completed' }), [a, b]);
  assert.deepEqual([a.client.refetches, b.client.refetches], [0, 0]);
});

it('an unrelated action after the time has passed shows it as well', async (t) => {
  const endsAt = Date.now() + 600;
  const [rid, a, b] = await pairOf(t, 'speed', game(endsAt));
  a.dispatch({ type: 'tap' });
  await b.until(({ taps }) => taps === 1);
  await a.client.idle();
  // The master's own clock says when it is over.
  await askUntil(() => t.publicState(rid), ([state]) => state.status === 'completed', 'the end of the game');
  b.dispatch({ type: 'note', payload: 'gg' });
  const ended = game(endsAt, { status: 'completed', taps: 1, note: 'gg' });
  await convergedInPublic(t, rid, ended, [a, b]);
});

it('a get after the time has passed shows it', async (t) => {
  const endsAt = Date.now() + 300;
  const rid = await t.create('speed', game(endsAt));
  const client = await t.npm('a');
  const { state } = await askUntil(
    () => client.get(rid),
    (answer) => answer.state.status === 'completed',
    'a completed game'
  );
  assert.deepEqual(state, game(endsAt, { status: 'completed' }));
});

it('what is transformed is a presentation: the state under it goes on', async (t) => {
  const [rid, a, b] = await pairOf(t, 'speed', game(past));
  await a.until(({ status }) => status === 'completed');
  const later = far();
  const raw = await t.raw();
  // To the master the game was never completed, it only looked so.
  await raw.dispatch(rid, { type: 'setEnd', payload: later });
  await raw.dispatch(rid, { type: 'tap' });
  assert.deepEqual((await t.publicState(rid))[0], game(later, { taps: 1 }));
  await converged(t, rid, game(later, { taps: 1 }), [a, b]);
});

it('with a master action: time left is of the master’s time, and all agree', async (t) => {
  const [rid, a, b] = await pairOf(t, 'blitz', { status: 'idle', lastMoveAt: null, timeLeftMs: 60_000 });
  const move = (bound) =>
    bound.dispatch((master) => ({ type: 'move', payload: { at: master.requestAt() } }));
  move(a);
  await b.until(({ status }) => status === 'running');
  await a.client.idle();
  await convergedInPublic(t, rid, b.state, [a, b]);
  const first = a.state.lastMoveAt;
  move(b);
  await b.client.idle();
  await a.until(() => a.checksum === b.checksum);
  assert.equal(a.state.timeLeftMs, 60_000 - (a.state.lastMoveAt - first));
  await convergedInPublic(t, rid, a.state, [a, b]);
});

it('with a master action: when the time is up, all agree', async (t) => {
  const [rid, a, b] = await pairOf(t, 'blitz', { status: 'idle', lastMoveAt: null, timeLeftMs: 0 });
  a.dispatch((master) => ({ type: 'move', payload: { at: master.requestAt() } }));
  await b.until(({ status }) => status === 'completed');
  await a.client.idle();
  await convergedInPublic(t, rid, b.state, [a, b]);
});
