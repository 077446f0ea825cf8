// npm-scenarios, "Master action", with the npm client.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'table' });

/** Records every state that a window shows. */
const watch = (bound) => {
  const shown = [];
  bound.observable.onUpdate(({ checkedState }) => shown.push(checkedState[0]));
  return shown;
};

it('the sender shows its own time until the acknowledgement, then the master’s; peers only the master’s', async (t) => {
  const rid = await t.create('stamps', { last: null, all: [] });
  const [sender, peer] = [
    await (await t.npm('sender')).bind(rid),
    await (await t.npm('peer')).bind(rid),
  ];
  const [atSender, atPeer] = [watch(sender), watch(peer)];

  // Its clock is far off, as some people's are.
  const realNow = Date.prototype.getTime;
  Date.prototype.getTime = () => 1_000;
  try {
    sender.dispatch((master) => ({ type: 'stamp', payload: { at: master.requestAt() } }));
    await sender.until(({ all }) => all.length === 1);
  } finally {
    Date.prototype.getTime = realNow;
  }
  assert.deepEqual(atSender[0].last, { at: 1_000 });

  await peer.until(({ all }) => all.length === 1);
  const { at } = peer.state.last;
  assert.ok(Math.abs(at - Date.now()) < 60_000, `the master's time: ${at}`);
  const expected = { last: { at }, all: [{ at }] };
  await convergedInPublic(t, rid, expected, [sender, peer]);
  assert.ok(atPeer.every(({ last }) => last.at === at));
  assert.deepEqual([sender.client.refetches, peer.client.refetches], [0, 0]);
});

it('several in a row', async (t) => {
  const rid = await t.create('stamps', { last: null, all: [] });
  const [a, b] = [await (await t.npm('a')).bind(rid), await (await t.npm('b')).bind(rid)];
  for (let count = 1; count <= 6; count += 1) {
    const [acts, watches] = count % 2 ? [a, b] : [b, a];
    acts.dispatch((master) => ({ type: 'stamp', payload: { count, at: master.requestAt() } }));
    await watches.until(({ all }) => all.length === count);
    await acts.client.idle();
  }
  await convergedInPublic(t, rid, b.state, [a, b]);
  const times = a.state.all.map(({ at }) => at);
  assert.deepEqual(times, [...times].sort((x, y) => x - y));
});

it('with the time in nested places and twice in an array', { oursOnly: 'the npm server replaces it wrongly' }, async (t) => {
  const rid = await t.create('stamps', { last: null, all: [] });
  const [a, b] = [await (await t.npm('a')).bind(rid), await (await t.npm('b')).bind(rid)];
  a.dispatch((master) => ({
    type: 'stamp',
    payload: { list: [master.requestAt(), master.requestAt()], deep: [{ at: master.requestAt() }] },
  }));
  await b.until(({ all }) => all.length === 1);
  const at = b.state.last.list[0];
  assert.equal(typeof at, 'number');
  const payload = { list: [at, at], deep: [{ at }] };
  await convergedInPublic(t, rid, { last: payload, all: [payload] }, [a, b]);
});

it('a private one: both halves have the master’s time', { oursOnly: 'the npm server leaves the text' }, async (t) => {
  const rid = await t.create('stamps', { last: null, all: [] });
  const [a, b] = [await (await t.npm('a')).bind(rid), await (await t.npm('b')).bind(rid)];
  a.dispatch((master) => [
    { type: 'stamp', isPrivate: true, payload: { secret: 'x', at: master.requestAt() } },
    { type: 'stamped', payload: { at: master.requestAt() } },
  ]);
  await b.until(({ all }) => all.length === 1);
  const { at } = b.state.last;
  assert.equal(typeof at, 'number');
  await a.shows({ last: { secret: 'x', at }, all: [{ secret: 'x', at }] });
  await a.client.idle();
});
