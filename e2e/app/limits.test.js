// G9: everything has a limit, and who meets one is told, not the others.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';
import { checksumOf } from '../support/checksum.js';
import { askUntil } from '../support/until.js';

it('--max-connections: one more is refused, and let in when one has gone', async (w) => {
  const t = await w.table({ app: 'table', args: ['--max-connections', '2'] });
  const [first, second] = [await t.raw({ id: undefined }), await t.raw({ id: undefined })];
  const third = t.dial({ id: t.fresh('third'), info: {} });
  await Promise.race([third.refused(), third.disconnected()]);
  assert.equal(third.count('onReady'), 0);
  assert.equal((await first.ask('ping', null)).ok, true);
  second.close();
  for (let attempt = 0; ; attempt += 1) {
    const again = t.dial({ id: t.fresh('again'), info: {} });
    if (await again.ready().catch(() => false)) {
      break;
    }
    assert.ok(attempt < 100, 'there is room again');
    await first.settled();
  }
});

it('--max-resources: one more is an error', async (w) => {
  const t = await w.table({ app: 'table', args: ['--max-resources', '2'] });
  const client = await t.raw();
  const create = () => client.ask('createResource', { resourceType: 'counter', resourceState: { count: 0 } });
  const [first, , third] = [await create(), await create(), await create()];
  assert.equal(third.ok, false);
  await client.dispatch(first.val.rid, { type: 'increment' });
});

it('--max-state-bytes: an action that would pass it is rejected', async (w) => {
  const t = await w.table({ app: 'table', args: ['--max-state-bytes', '10000'] });
  const rid = await t.create('value', 'small');
  const [client, peer] = [await t.raw(), await t.raw()];
  await peer.subscribe(rid);
  const ack = await client.dispatch(rid, { type: 'set', payload: 'x'.repeat(20_000) });
  assert.equal(ack.nextChecksum, checksumOf('small'));
  const [rejected] = await client.next('movexRejected');
  assert.equal(typeof rejected.code, 'string');
  const created = await client.ask('createResource', {
    resourceType: 'value',
    resourceState: 'x'.repeat(20_000),
  });
  assert.equal(created.ok, false);
  await client.dispatch(rid, { type: 'set', payload: 'still fits' });
  assert.deepEqual((await peer.state(rid))[0], 'still fits');
});

it('--max-script-ticks: a call that takes longer is rejected', async (w) => {
  const app = await w.app({
    'movex.config.ts': `export default { resources: { work: (s: number = 0, a: any) => {
      let n = s;
      for (let i = 0; i < (a.payload ?? 0); i += 1) n = (n * 31 + i) % 1000003;
      return n;
    } } };`,
  });
  const t = await w.table({ app: app.folder, args: ['--max-script-ticks', '20'] });
  const rid = await t.create('work', 0);
  const client = await t.raw();
  await client.dispatch(rid, { type: 'do', payload: 100 });
  const [state] = await client.state(rid);
  await client.dispatch(rid, { type: 'do', payload: 50_000_000 });
  const [rejected] = await client.next('movexRejected');
  assert.equal(rejected.code, 'limit_exceeded');
  assert.deepEqual((await client.state(rid))[0], state);
});

it('--resource-idle-ms: a resource that nobody uses is dropped, one with a subscriber is not', async (w) => {
  const t = await w.table({
    app: 'table',
    args: ['--resource-idle-ms', '200', '--admin-key', 'key'],
  });
  const idle = await t.create('counter', { count: 1 });
  const watched = await t.create('counter', { count: 2 });
  const client = await t.raw();
  await client.subscribe(watched);
  const listing = () => t.http('/store', { headers: { authorization: 'Bearer key' } });
  // To look at the listing is no use of what it lists.
  await askUntil(listing, ({ text }) => !text.includes(idle), 'the idle one is dropped', 15_000);
  assert.ok((await listing()).text.includes(watched));
  assert.deepEqual((await client.state(watched))[0], { count: 2 });
  assert.equal((await client.ask('getResource', { rid: idle })).val.reason, 'ResourceInexistent');
});

it('--max-script-bytes: secrets that fill the memory are refused, the others play on', async (w) => {
  const app = await w.app({
    'movex.config.ts': `
type State = { n: number; big: string };
const game = (s: State = { n: 0, big: '' }, a: any): State => {
  switch (a.type) {
    case 'hide':
      return { ...s, big: 'x'.repeat(2_000_000) };
    case 'add':
      return { ...s, n: s.n + 1 };
    default:
      return s;
  }
};
export default { resources: { game } };`,
  });
  const t = await w.table({
    app: app.folder,
    args: ['--engines', '1', '--max-script-bytes', String(32 << 20)],
  });
  const rid = await t.create('game', { n: 0, big: '' });
  const neighbour = await t.create('game', { n: 0, big: '' });
  const peer = await t.raw();
  let refused;
  for (let authors = 0; refused === undefined; authors += 1) {
    assert.ok(authors < 40, 'the memory is full at some time');
    const author = await t.raw();
    await author.dispatch(rid, [{ type: 'hide', isPrivate: true }, { type: 'hidden' }]);
    if (author.count('movexRejected') > 0) {
      [refused] = await author.next('movexRejected');
    }
  }
  assert.equal(refused.code, 'limit_exceeded');
  for (let n = 1; n <= 3; n += 1) {
    for (const each of [rid, neighbour]) {
      const ack = await peer.dispatch(each, { type: 'add' });
      assert.equal(ack.nextChecksum, checksumOf({ n, big: '' }));
    }
  }
  assert.equal(peer.count('movexRejected'), 0);
});
