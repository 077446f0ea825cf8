// After a network drop the npm client connects again and never subscribes
// again: the server keeps the subscriptions of a named client for a while.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { DropProxy } from '../support/drop-proxy.js';
import { checksumOf } from '../support/checksum.js';
import { converged, convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'table' });
const oursOnly = 'the npm server forgets the bindings';

it('an npm client that comes back has what it missed, and goes on', { oursOnly }, async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const proxy = t.closes(await DropProxy.to(t.server));
  const traveller = await t.npm('traveller', { server: proxy });
  const stays = await t.npm('stays');
  const windows = [await traveller.bind(rid), await stays.bind(rid)];
  windows[0].dispatch({ type: 'increment' });
  await convergedInPublic(t, rid, { count: 1 }, windows);

  proxy.cut();
  await traveller.dropped();
  windows[1].dispatch({ type: 'add', payload: 10 });
  await stays.idle();
  proxy.mend();

  await traveller.readyAgain(2);
  await convergedInPublic(t, rid, { count: 11 }, windows);
  windows[1].dispatch({ type: 'add', payload: 100 });
  await convergedInPublic(t, rid, { count: 111 }, windows);
  windows[0].dispatch({ type: 'add', payload: 1000 });
  await convergedInPublic(t, rid, { count: 1111 }, windows);
});

it('on its return it gets the empty onReconciliateActions of each of its resources', { oursOnly }, async (t) => {
  const rids = [
    await t.create('counter', { count: 1 }),
    await t.create('value', { v: 2 }),
  ];
  const id = t.fresh('traveller');
  const first = await t.raw({ id });
  for (const rid of rids) {
    await first.subscribe(rid);
  }
  first.socket.io.engine.close();
  const back = await t.raw({ id });
  const events = [
    (await back.next('onReconciliateActions'))[0],
    (await back.next('onReconciliateActions'))[0],
  ];
  const byRid = Object.fromEntries(events.map((event) => [event.rid, event]));
  for (const [rid, state] of [
    [rids[0], { count: 1 }],
    [rids[1], { v: 2 }],
  ]) {
    const { actions, finalChecksum, masterContext } = byRid[rid];
    assert.deepEqual({ actions, finalChecksum }, { actions: [], finalChecksum: checksumOf(state) });
    assert.equal(typeof masterContext.requestAt, 'number');
  }
});

it('the checksum on return is that of its own view', { oursOnly }, async (t) => {
  const rid = await t.create('quietGame', { ready: 0, open: false, secrets: {} });
  const id = t.fresh('author');
  const author = await t.raw({ id });
  await author.subscribe(rid);
  await author.dispatch(rid, [
    { type: 'hide', isPrivate: true, payload: { by: 'author', secret: 'x' } },
    { type: 'hidden' },
  ]);
  author.socket.io.engine.close();
  const back = await t.raw({ id });
  const [event] = await back.next('onReconciliateActions');
  const own = { ready: 1, open: false, secrets: { author: 'x' } };
  assert.equal(event.finalChecksum, checksumOf(own));
  assert.deepEqual((await back.state(rid))[0], own);
});

it('the others are not told of a drop that ends soon', { oursOnly }, async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const id = t.fresh('traveller');
  const stays = await t.raw();
  await stays.subscribe(rid);
  const first = await t.raw({ id });
  await first.subscribe(rid);
  first.socket.io.engine.close();
  const back = await t.raw({ id });
  await back.next('onReconciliateActions');
  const subscribers = await stays.val('getResourceSubscribers', { rid });
  assert.deepEqual(Object.keys(subscribers).sort(), [id, stays.client.id].sort());
  assert.equal(stays.count('onResourceSubscriberRemoved'), 0);
});

it('a takeover keeps the subscriptions as well', { oursOnly }, async (t) => {
  const rid = await t.create('counter', { count: 1 });
  const id = t.fresh('twice');
  const first = await t.raw({ id });
  await first.subscribe(rid);
  const second = await t.raw({ id });
  await second.next('onReconciliateActions');
  const peer = await t.raw();
  await peer.dispatch(rid, { type: 'increment' });
  assert.equal((await second.next('onFwdAction'))[0].checksum, checksumOf({ count: 2 }));
});

it('a reveal that it missed is there on return', { oursOnly }, async (t) => {
  const rid = await t.create('movesWithReveal', {
    status: { white: 'thinking', black: 'thinking' },
    moves: { white: [], black: [] },
  });
  const proxy = t.closes(await DropProxy.to(t.server));
  const traveller = await t.npm('white', { server: proxy });
  const stays = await t.npm('black');
  const [white, black] = [await traveller.bind(rid), await stays.bind(rid)];
  const submit = (bound, color, moves) =>
    bound.dispatchPrivate(
      { type: 'submit', payload: { color, moves } },
      { type: 'setReadySubmission', payload: { color } }
    );
  submit(white, 'white', ['e4']);
  await black.until(({ status }) => status.white === 'submitted');
  await traveller.idle();
  proxy.cut();
  await traveller.dropped();
  submit(black, 'black', ['c5']);
  await black.until(({ moves }) => moves.white.length === 1);
  proxy.mend();
  await traveller.readyAgain(2);
  const all = {
    status: { white: 'submitted', black: 'submitted' },
    moves: { white: ['e4'], black: ['c5'] },
  };
  await converged(t, rid, all, [white, black]);
});

it('what an npm client dispatched while it was away is applied on its return', { oursOnly }, async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const proxy = t.closes(await DropProxy.to(t.server));
  const traveller = await t.npm('traveller', { server: proxy });
  const stays = await t.npm('stays');
  const windows = [await traveller.bind(rid), await stays.bind(rid)];
  proxy.cut();
  await traveller.dropped();
  for (let n = 0; n < 3; n += 1) {
    windows[0].dispatch({ type: 'increment' });
  }
  windows[1].dispatch({ type: 'add', payload: 10 });
  await stays.idle();
  proxy.mend();
  await traveller.readyAgain(2);
  await convergedInPublic(t, rid, { count: 13 }, windows);
});

it('a network that breaks again and again', { oursOnly, timeout: 90_000 }, async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const proxy = t.closes(await DropProxy.to(t.server));
  const traveller = await t.npm('traveller', { server: proxy });
  const stays = await t.npm('stays');
  const windows = [await traveller.bind(rid), await stays.bind(rid)];
  let count = 0;
  for (let round = 2; round <= 5; round += 1) {
    proxy.cut();
    await traveller.dropped();
    windows[1].dispatch({ type: 'increment' });
    proxy.mend();
    await traveller.readyAgain(round);
    windows[0].dispatch({ type: 'increment' });
    count += 2;
    await convergedInPublic(t, rid, { count }, windows);
  }
});
