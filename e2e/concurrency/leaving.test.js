// Who stays away longer than the retention has left.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table', args: ['--v0-retention-ms', '150'] });
const oursOnly = 'the npm server has no retention';

it('the others are told when the retention of a named client is over', { oursOnly }, async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const stays = await t.raw();
  await stays.subscribe(rid);
  const leaves = await t.raw();
  await leaves.subscribe(rid);
  leaves.socket.io.engine.close();
  assert.deepEqual(await stays.next('onResourceSubscriberRemoved'), [
    { rid, clientId: leaves.client.id },
  ]);
  const subscribers = await stays.val('getResourceSubscribers', { rid });
  assert.deepEqual(Object.keys(subscribers), [stays.client.id]);
});

it('who returns after that is not subscribed until it asks', { oursOnly }, async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const stays = await t.raw();
  await stays.subscribe(rid);
  const leaves = await t.raw();
  const { id } = leaves.client;
  await leaves.subscribe(rid);
  leaves.socket.io.engine.close();
  await stays.next('onResourceSubscriberRemoved');
  const back = await t.raw({ id });
  await stays.dispatch(rid, { type: 'increment' });
  await back.settled(rid);
  assert.equal(back.count('onFwdAction'), 0);
  assert.deepEqual((await back.subscribe(rid)).state[0], { count: 2 });
});

it('a generated id can not be matched again: it has left at once', { oursOnly }, async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const stays = await t.raw();
  await stays.subscribe(rid);
  const leaves = await t.raw({ id: undefined });
  await leaves.subscribe(rid);
  leaves.socket.io.engine.close();
  assert.equal((await stays.next('onResourceSubscriberRemoved'))[0].clientId, leaves.client.id);
});
