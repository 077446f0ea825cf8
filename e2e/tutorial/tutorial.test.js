// A project of its own, made after npm movex's public tutorial, with nothing
// changed but the url: it builds, its config loads, its games are played.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadDefinition } from '../support/apps.js';
import { reference } from '../support/binary.js';
import { Table } from '../support/fixture.js';
import { convergedInPublic } from '../support/converged.js';
import { serveTutorialProject } from '../support/tutorial-project.js';
import { PATIENCE_MS } from '../support/until.js';

const skip = reference ? 'about the movex binary' : false;

let project;
let server;
let definition;

before(
  async () => {
    if (!skip) {
      project = await serveTutorialProject();
      server = project.server;
      definition = await loadDefinition(path.join(project.folder, 'src'));
    }
  },
  { timeout: 180_000 }
);

after(() => project?.close());

const it = (title, body) =>
  test(title, { skip, timeout: 60_000 }, async () => {
    const table = new Table(server, definition);
    try {
      await body(table);
    } finally {
      await table.leave();
    }
    assert.ok(server.alive(), server.output);
  });

it('the server serves the page that Vite built', async (t) => {
  const page = await t.http('/');
  assert.match(page.text, /<div id="root">/);
  const [script] = page.text.match(/\/assets\/[\w.-]+\.js/);
  assert.equal((await t.http(script)).status, 200);
});

it('the counter of the tutorial counts', async (t) => {
  const [a, b] = [await t.npm('a'), await t.npm('b')];
  const created = await a.create('counter', { count: 0 });
  const rid = `counter:${created.rid.resourceId}`;
  const windows = [await a.bind(rid), await b.bind(rid)];
  windows[0].dispatch({ type: 'increment' });
  await convergedInPublic(t, rid, { count: 1 }, windows);
  windows[1].dispatch({ type: 'incrementBy', payload: 5 });
  await convergedInPublic(t, rid, { count: 6 }, windows);
});

it('the secret game of the tutorial is played twice over', async (t) => {
  const names = ['playerA', 'playerB', 'spectator'];
  const clients = await Promise.all(names.map((name) => t.npm(name)));
  const created = await clients[0].create('rps', {
    players: { playerA: null, playerB: null },
    submissions: { playerA: null, playerB: null },
    winner: null,
  });
  const rid = `rps:${created.rid.resourceId}`;
  const windows = await Promise.all(clients.map((client) => client.bind(rid)));
  const [a, b, spectator] = windows;
  const players = { playerA: a.client.id, playerB: b.client.id };
  a.dispatch({ type: 'addPlayer', payload: { id: players.playerA, playerLabel: 'playerA' } });
  await b.until((state) => state.players.playerA !== null);
  b.dispatch({ type: 'addPlayer', payload: { id: players.playerB, playerLabel: 'playerB' } });

  const submit = (window, playerLabel, rps) =>
    window.dispatchPrivate(
      { type: 'submit', payload: { playerLabel, rps } },
      { type: 'setReadySubmission', payload: { playerLabel } }
    );
  const none = { playerA: null, playerB: null };
  for (const [first, second, winner] of [
    ['rock', 'paper', 'paper'],
    ['scissors', 'scissors', '1/2'],
  ]) {
    await convergedInPublic(t, rid, { players, submissions: none, winner: null }, windows);
    submit(a, 'playerA', first);
    for (const window of [b, spectator]) {
      await window.until((state) => state.submissions.playerA?.play === '$SECRET');
    }
    submit(b, 'playerB', second);
    const submissions = { playerA: { play: first }, playerB: { play: second } };
    await convergedInPublic(t, rid, { players, submissions, winner }, windows);
    a.dispatch({ type: 'playAgain' });
    await b.until((state) => state.winner === null, 'a new game', PATIENCE_MS);
  }
});
