// Seeded nonsense on every event and on the bare socket: the process lives,
// everything is answered, and a good client among it plays on undisturbed.

import assert from 'node:assert/strict';
import { generator, picker } from '../support/chance.js';
import { withServer } from '../support/fixture.js';
import { openWebSocket } from '../support/websocket.js';

const it = withServer({ app: 'table' });
const oursOnly = 'the npm server dies';

const EVENTS = [
  'ping',
  'createResource',
  'addResourceSubscriber',
  'getResource',
  'getResourceState',
  'getResourceSubscribers',
  'emitActionDispatch',
  'onFwdAction',
  '',
  '__proto__',
];

const nonsense = (pick, depth = 3) => {
  const kind = pick.below(depth > 0 ? 12 : 8);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return pick.of([true, false]);
    case 2:
      return pick.of([0, -1, 1.5, 1e308, -0, 2 ** 53, 1e21]);
    case 3:
      return pick.of(['', 'counter', 'counter:x', ':', '::', 'increment', '$rqstAt$', '__proto__', '\u0000', '😀']);
    case 4:
      return pick.of(['value:victim', 'counter:victim', 'nope:victim', 'value:']);
    case 5:
      return [];
    case 6:
      return {};
    case 7:
      return { type: pick.of(['set', 'drop', 'put', 'push', 'increment', 'add', null, 7]) };
    case 8:
      return Array.from({ length: pick.below(4) }, () => nonsense(pick, depth - 1));
    default: {
      const keys = ['rid', 'action', 'type', 'payload', 'resourceType', 'resourceId', 'resourceState', 'clientInfo', 'isPrivate', '_isMaster', '__proto__', 'constructor'];
      return Object.fromEntries(
        Array.from({ length: pick.below(5) }, () => [pick.of(keys), nonsense(pick, depth - 1)])
      );
    }
  }
};

for (const seed of [1, 2, 3]) {
  it(`nonsense on every event is answered: seed ${seed}`, { oursOnly, timeout: 120_000 }, async (t) => {
    const pick = picker(generator(seed));
    const rid = await t.create('counter', { count: 0 });
    const [good, watcher] = [await t.raw(), await t.raw()];
    await good.subscribe(rid);
    await watcher.subscribe(rid);
    const bad = await t.raw();
    const answers = [];
    for (let n = 0; n < 600; n += 1) {
      const args = Array.from({ length: pick.below(3) }, () => nonsense(pick));
      const event = pick.of(EVENTS);
      answers.push(bad.ask(event, ...args));
      if (n % 20 === 0) {
        await good.dispatch(rid, { type: 'increment' });
      }
    }
    for (const answer of await Promise.all(answers)) {
      assert.equal(typeof answer.ok, 'boolean');
      assert.equal(answer.err, !answer.ok);
    }
    assert.deepEqual((await watcher.state(rid))[0], { count: 30 });
    assert.equal(watcher.count('onFwdAction'), 30);
  });

  it(`nonsense on the bare socket: seed ${seed}`, { timeout: 120_000 }, async (t) => {
    const pick = picker(generator(seed + 100));
    const pieces = ['0', '1', '2', '3', '4', '40', '41', '42', '43', '44', '45', '421', '[', ']', '{', '}', '"', '"ping"', ',', 'null', '/a,', '-', '\u0000', '9999999999', '["getResource",{"rid":"counter:x"}]', '😀'];
    for (let round = 0; round < 60; round += 1) {
      const bare = t.closes(await openWebSocket(t.server, `?clientId=${t.fresh()}&clientInfo=%7B%7D`));
      if (pick.chance(0.7)) {
        bare.send('40');
      }
      for (let n = 0; n < 10; n += 1) {
        bare.send(Array.from({ length: 1 + pick.below(5) }, () => pick.of(pieces)).join(''));
      }
      if (pick.chance(0.3)) {
        bare.socket.send(Buffer.from([1, 2, 3, 255]));
      }
    }
    const next = await t.raw();
    assert.equal((await next.ask('ping', null)).ok, true);
  });
}

it('requests that are no Socket.IO are refused', async (t) => {
  for (const path of [
    '/socket.io/',
    '/socket.io/?EIO=3&transport=polling',
    '/socket.io/?EIO=4&transport=carrier-pigeon',
    '/socket.io/?EIO=4&transport=polling&sid=none',
    '/socket.io/?EIO=4&transport=websocket',
  ]) {
    const { status } = await t.http(path);
    assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const { status } = await t.http('/api/resources/counter:x/state', { method });
    assert.ok(status >= 400 && status < 500, `${method}: ${status}`);
  }
});
