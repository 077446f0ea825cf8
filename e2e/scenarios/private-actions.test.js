// npm-scenarios, the private ones but the game, with the npm client.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'table' });

const thinking = {
  status: { white: 'thinking', black: 'thinking' },
  moves: { white: [], black: [] },
};
const submit = (bound, color, moves) =>
  bound.dispatchPrivate(
    { type: 'submit', payload: { color, moves } },
    { type: 'setReadySubmission', payload: { color } }
  );
const view = (seen, submitted) => ({
  status: {
    white: submitted.includes('white') ? 'submitted' : 'thinking',
    black: submitted.includes('black') ? 'submitted' : 'thinking',
  },
  moves: { white: [], black: [], ...seen },
});

const trio = async (t, type) => {
  const rid = await t.create(type, thinking);
  const windows = [];
  for (const name of ['white', 'black', 'spectator']) {
    windows.push(await (await t.npm(name)).bind(rid));
  }
  return [rid, ...windows];
};

it('one author: the others see that it was submitted, not what', async (t) => {
  const [rid, white, black, spectator] = await trio(t, 'movesWithReveal');
  submit(white, 'white', ['e4', 'd4']);
  await white.shows(view({ white: ['e4', 'd4'] }, ['white']));
  await black.shows(view({}, ['white']));
  await spectator.shows(view({}, ['white']));
  await white.client.idle();
  assert.equal(black.checksum, spectator.checksum);
  assert.notEqual(white.checksum, black.checksum);
  assert.deepEqual(await t.publicState(rid), [view({}, ['white']), black.checksum]);
  for (const { client } of [white, black, spectator]) {
    assert.equal(client.refetches, 0);
  }
});

it('both submit without $canReconcileState: each keeps its own view', async (t) => {
  const [rid, white, black, spectator] = await trio(t, 'moves');
  submit(white, 'white', ['e4']);
  await black.shows(view({}, ['white']));
  await white.client.idle();
  submit(black, 'black', ['c5']);
  await white.shows(view({ white: ['e4'] }, ['white', 'black']));
  await black.shows(view({ black: ['c5'] }, ['white', 'black']));
  await spectator.shows(view({}, ['white', 'black']));
  await black.client.idle();
  assert.deepEqual((await t.publicState(rid))[0], view({}, ['white', 'black']));
  assert.deepEqual((await white.client.get(rid)).state, white.state);
  assert.deepEqual((await black.client.get(rid)).state, black.state);
  for (const { client } of [white, black, spectator]) {
    assert.equal(client.refetches, 0);
  }
});

it('both submit with it: both and the master have both lists', async (t) => {
  const rid = await t.create('movesWithReveal', thinking);
  const [white, black] = [
    await (await t.npm('white')).bind(rid),
    await (await t.npm('black')).bind(rid),
  ];
  submit(white, 'white', ['e4']);
  await black.shows(view({}, ['white']));
  await white.client.idle();
  submit(black, 'black', ['c5']);
  const all = view({ white: ['e4'], black: ['c5'] }, ['white', 'black']);
  await convergedInPublic(t, rid, all, [white, black]);
});

it('both submit with it: a spectator has both lists as well', { oursOnly: 'the npm server forgets spectators' }, async (t) => {
  const [rid, white, black, spectator] = await trio(t, 'movesWithReveal');
  submit(white, 'white', ['e4']);
  await black.shows(view({}, ['white']));
  await white.client.idle();
  submit(black, 'black', ['c5']);
  const all = view({ white: ['e4'], black: ['c5'] }, ['white', 'black']);
  await convergedInPublic(t, rid, all, [white, black, spectator]);
});

it('both submit at the same moment', { oursOnly: 'the npm server may lose one' }, async (t) => {
  const [rid, white, black, spectator] = await trio(t, 'movesWithReveal');
  submit(white, 'white', ['e4']);
  submit(black, 'black', ['c5']);
  const all = view({ white: ['e4'], black: ['c5'] }, ['white', 'black']);
  await convergedInPublic(t, rid, all, [white, black, spectator]);
});

it('after the reveal, a further public action works for all', { oursOnly: 'the npm server forgets spectators' }, async (t) => {
  const [rid, white, black, spectator] = await trio(t, 'movesWithReveal');
  submit(white, 'white', ['e4']);
  await black.shows(view({}, ['white']));
  await white.client.idle();
  submit(black, 'black', ['c5']);
  const all = view({ white: ['e4'], black: ['c5'] }, ['white', 'black']);
  await convergedInPublic(t, rid, all, [white, black, spectator]);
  spectator.dispatch({ type: 'submit', payload: { color: 'white', moves: ['e4', 'Nf3'] } });
  const next = view({ white: ['e4', 'Nf3'], black: ['c5'] }, ['white', 'black']);
  await convergedInPublic(t, rid, next, [white, black, spectator]);
});
