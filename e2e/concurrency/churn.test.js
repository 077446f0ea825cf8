// G9: many come and go; nothing of them stays.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { askUntil } from '../support/until.js';

const it = withServer({
  app: 'table',
  args: ['--admin-key', 'key', '--v0-retention-ms', '100'],
});

it('300 connections come, subscribe, act and go', { oursOnly: 'the npm server loses actions', timeout: 90_000 }, async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const stays = await t.raw();
  await stays.subscribe(rid);
  const visit = async (n) => {
    const client = await t.raw(n % 2 ? { id: undefined } : {});
    await client.subscribe(rid);
    await client.dispatch(rid, { type: 'increment' });
    if (n % 3 === 0) {
      client.socket.io.engine.close();
    } else {
      client.close();
    }
  };
  for (let batch = 0; batch < 10; batch += 1) {
    await Promise.all(Array.from({ length: 30 }, (_, n) => visit(n)));
  }
  assert.deepEqual((await stays.state(rid))[0], { count: 300 });
  await askUntil(
    async () => Object.keys(await stays.val('getResourceSubscribers', { rid })),
    (ids) => ids.length === 1,
    'only who stays is subscribed'
  );
  assert.equal(stays.count('onResourceSubscriberAdded'), 300);
  assert.equal(stays.count('onResourceSubscriberRemoved'), 300);
  const headers = { authorization: 'Bearer key' };
  await askUntil(
    async () => Object.keys((await t.http('/connections', { headers })).body),
    (ids) => ids.length === 1,
    'only who stays is connected'
  );
});

it('takeovers in quick succession leave one connection', { oursOnly: 'the npm server has races here' }, async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const id = t.fresh('restless');
  const first = await t.raw({ id });
  await first.subscribe(rid);
  const rest = Array.from({ length: 20 }, () => t.dial({ id, info: {} }));
  await Promise.all(
    rest.map((client) => Promise.race([client.ready(), client.disconnected(), client.refused()]))
  );
  const living = () => rest.filter(({ socket }) => socket.connected);
  const last = await askUntil(async () => living(), (clients) => clients.length === 1, 'one is left');
  const peer = await t.raw();
  await peer.dispatch(rid, { type: 'increment' });
  await last[0].next('onFwdAction');
  assert.deepEqual(Object.keys(await peer.val('getResourceSubscribers', { rid })), [id]);
});
