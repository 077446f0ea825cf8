// npm-scenarios, "Public action", with the npm client.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'table' });

it('one client: its state at once, the master’s the same, no refetch', async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const a = await t.npm('a');
  const bound = await a.bind(rid);
  for (const payload of [5, 7, -2]) {
    bound.dispatch({ type: 'add', payload });
    await bound.until(({ count }) => count !== 0);
    await a.idle();
  }
  await convergedInPublic(t, rid, { count: 10 }, [bound]);
  assert.equal(a.refetches, 0);
});

it('two clients in turn: each action reaches the other with the same checksum, no refetch', async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const [a, b] = [await t.npm('a'), await t.npm('b')];
  const [ofA, ofB] = [await a.bind(rid), await b.bind(rid)];
  let count = 0;
  for (let turn = 0; turn < 10; turn += 1) {
    const [acts, watches] = turn % 2 === 0 ? [ofA, ofB] : [ofB, ofA];
    count += turn + 1;
    acts.dispatch({ type: 'add', payload: turn + 1 });
    await watches.shows({ count });
    await acts.client.idle();
    assert.equal(acts.checksum, watches.checksum);
  }
  await convergedInPublic(t, rid, { count: 55 }, [ofA, ofB]);
  assert.deepEqual([a.refetches, b.refetches], [0, 0]);
});

it('a third who only watches gets all of them', async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const [a, b, watcher] = [await t.npm('a'), await t.npm('b'), await t.npm('watcher')];
  const windows = [await a.bind(rid), await b.bind(rid), await watcher.bind(rid)];
  windows[0].dispatch({ type: 'add', payload: 1 });
  await windows[2].shows({ count: 1 });
  windows[1].dispatch({ type: 'add', payload: 10 });
  await convergedInPublic(t, rid, { count: 11 }, windows);
  assert.equal(watcher.refetches, 0);
});

it('states that are no objects', { oursOnly: 'the npm server merges states' }, async (t) => {
  for (const [from, to] of [
    [1, 2],
    [[1], [1, 2]],
    ['a', null],
    [{ a: 1, b: 2 }, { b: 3 }],
  ]) {
    const rid = await t.create('value', from);
    const [a, b] = [await t.npm('a'), await t.npm('b')];
    const windows = [await a.bind(rid), await b.bind(rid)];
    windows[0].dispatch({ type: 'set', payload: to });
    await convergedInPublic(t, rid, to, windows);
    assert.deepEqual([a.refetches, b.refetches], [0, 0]);
  }
});

it('a rejected action: the npm client refetches and ends right (M28)', { oursOnly: 'the npm server dies' }, async (t) => {
  // The reducer of this client alone accepts what the master's rejects: it is
  // the master that decides.
  const lenient = (state = null, action) => (action.type === 'drop' ? 'mine alone' : state);
  const rid = await t.create('value', null);
  const [a, b] = [
    await t.npm('a', { definition: { resources: { value: lenient } } }),
    await t.npm('b'),
  ];
  const windows = [await a.bind(rid), await b.bind(rid)];
  windows[0].dispatch({ type: 'drop', payload: 'x' });
  await a.idle();
  await convergedInPublic(t, rid, null, windows);
  assert.ok(a.refetches > 0);
});
