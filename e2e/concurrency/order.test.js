// G1, G2: order and convergence under load.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';
import { convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'table' });

it('2000 pipelined events of one client keep their order', { oursOnly: 'the npm server loses most of them' }, async (t) => {
  const rid = await t.create('value', []);
  const [client, peer] = [await t.raw(), await t.raw()];
  await client.subscribe(rid);
  await peer.subscribe(rid);
  // Small states, so that the order and not the size is the load.
  const acked = [];
  await Promise.all(
    Array.from({ length: 2000 }, (_, n) =>
      client
        .askWithin(30_000, 'emitActionDispatch', { rid, action: { type: 'set', payload: [n] } })
        .then((answer) => {
          assert.equal(answer.val.nextChecksum, checksumOf([n]), `the state of event ${n}`);
          acked.push(n);
        })
    )
  );
  const inOrder = Array.from({ length: 2000 }, (_, n) => n);
  assert.deepEqual(acked, inOrder, 'acks leave in the order of decision (M24)');
  const forwarded = [];
  for (let n = 0; n < 2000; n += 1) {
    forwarded.push((await peer.next('onFwdAction'))[0].action.payload[0]);
  }
  assert.deepEqual(forwarded, inOrder, 'and so do the forwards');
});

it('different events of one client are answered in order too', { oursOnly: 'the npm server reorders them' }, async (t) => {
  const id = t.fresh('made');
  const rid = `counter:${id}`;
  const client = await t.raw();
  const answers = await Promise.all([
    client.val('createResource', {
      resourceType: 'counter',
      resourceId: id,
      resourceState: { count: 0 },
    }),
    client.val('addResourceSubscriber', { rid }),
    client.dispatch(rid, { type: 'increment' }),
    client.val('getResourceState', { rid }),
    client.dispatch(rid, { type: 'increment' }),
    client.val('getResource', { rid }),
  ]);
  assert.equal(answers[2].nextChecksum, checksumOf({ count: 1 }));
  assert.deepEqual(answers[3][0], { count: 1 });
  assert.deepEqual(answers[5].state[0], { count: 2 });
});

it('two npm clients with 200 concurrent dispatches each converge on 400', { oursOnly: 'the npm server loses most of them' }, async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const windows = [
    await (await t.npm('a')).bind(rid),
    await (await t.npm('b')).bind(rid),
  ];
  for (let n = 0; n < 200; n += 1) {
    windows.forEach((window) => window.dispatch({ type: 'increment' }));
  }
  await Promise.all(
    windows.map((window) => window.until(({ count }) => count === 400, '400', 30_000))
  );
  await convergedInPublic(t, rid, { count: 400 }, windows);
});

it('many resources at once, each exactly right', { oursOnly: 'the npm server loses actions' }, async (t) => {
  const clients = [await t.raw(), await t.raw(), await t.raw()];
  const rids = [];
  for (let n = 0; n < 20; n += 1) {
    rids.push(await t.create('counter', { count: 0 }));
  }
  await Promise.all(
    clients.flatMap((client) =>
      rids.flatMap((rid) =>
        Array.from({ length: 20 }, () => client.dispatch(rid, { type: 'increment' }))
      )
    )
  );
  for (const rid of rids) {
    assert.deepEqual((await t.publicState(rid))[0], { count: 60 });
  }
});

it('a reveal follows its cause in every subscriber’s frames (M24)', { oursOnly: 'the npm server forgets spectators' }, async (t) => {
  const rid = await t.create('quietGame', { ready: 0, open: false, secrets: {} });
  const [author, spectator] = [await t.raw(), await t.raw()];
  await author.subscribe(rid);
  await spectator.subscribe(rid);
  const pair = (secret) => [
    { type: 'hide', isPrivate: true, payload: { by: 'a', secret } },
    { type: 'hidden' },
  ];
  await Promise.all([
    author.dispatch(rid, pair('x')),
    author.dispatch(rid, pair('y')),
    author.dispatch(rid, { type: 'open' }),
  ]);
  await spectator.settled(rid);
  assert.deepEqual(
    spectator.events.slice(1).map(({ event, args }) => [event, args[0].action?.type ?? args[0].actions.length]),
    [
      ['onFwdAction', 'hidden'],
      ['onFwdAction', 'hidden'],
      ['onFwdAction', 'open'],
      ['onReconciliateActions', 2],
    ]
  );
});

for (const [how, transports, upgrade] of [
  ['over long-polling', ['polling'], false],
  ['while polling is upgraded to WebSocket', ['polling', 'websocket'], true],
]) {
  it(`order is kept ${how}`, { oursOnly: 'the npm server loses most of them' }, async (t) => {
    const rid = await t.create('value', []);
    const watcher = await t.raw();
    await watcher.subscribe(rid);
    const client = await t.raw({ transports, upgrade });
    await client.subscribe(rid);
    const acked = [];
    const waves = [];
    for (let wave = 0; wave < 6; wave += 1) {
      for (let n = wave * 50; n < (wave + 1) * 50; n += 1) {
        waves.push(
          client
            .askWithin(30_000, 'emitActionDispatch', { rid, action: { type: 'set', payload: [n] } })
            .then((answer) => {
              assert.equal(answer.val.nextChecksum, checksumOf([n]));
              acked.push(n);
            })
        );
      }
      // Let the transport work between two waves: the upgrade falls among them.
      await watcher.settled(rid);
    }
    await Promise.all(waves);
    assert.deepEqual(acked, Array.from({ length: 300 }, (_, n) => n));
    for (let n = 0; n < 300; n += 1) {
      assert.deepEqual((await watcher.next('onFwdAction'))[0].action.payload, [n]);
    }
    if (upgrade) {
      const { engine } = client.socket.io;
      if (engine.transport.name !== 'websocket') {
        await new Promise((resolve) => engine.once('upgrade', resolve));
      }
    }
    assert.deepEqual(client.disconnects, []);
  });
}
