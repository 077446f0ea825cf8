// movex-v0: the two forms of a rid, and which form is echoed where.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table' });

const asObject = (rid) => {
  const [resourceType, ...rest] = rid.split(':');
  return { resourceType, resourceId: rest.join(':') };
};

it('every event takes both forms, and shapes carry the string', async (t) => {
  const rid = await t.create('counter', { count: 3 });
  const client = await t.raw();
  for (const form of [rid, asObject(rid)]) {
    assert.equal((await client.val('addResourceSubscriber', { rid: form })).rid, rid);
    assert.equal((await client.val('getResource', { rid: form })).rid, rid);
    assert.deepEqual((await client.val('getResourceState', { rid: form }))[0], { count: 3 });
    assert.deepEqual(Object.keys(await client.val('getResourceSubscribers', { rid: form })), [
      client.client.id,
    ]);
  }
  await client.dispatch(asObject(rid), { type: 'increment' });
  await client.dispatch(rid, { type: 'increment' });
  assert.deepEqual((await client.state(rid))[0], { count: 5 });
});

it('onFwdAction and onResourceSubscriberAdded echo the form that was sent', async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const peer = await t.raw();
  await peer.subscribe(rid);
  for (const form of [rid, asObject(rid)]) {
    const client = await t.raw();
    await client.subscribe(form);
    assert.deepEqual((await peer.next('onResourceSubscriberAdded'))[0].rid, form);
    await client.dispatch(form, { type: 'increment' });
    assert.deepEqual((await peer.next('onFwdAction'))[0].rid, form);
  }
});

it('onReconciliateActions echoes the form that was sent', async (t) => {
  for (const form of [(rid) => rid, asObject]) {
    const rid = await t.create('movesWithReveal', {
      status: { white: 'thinking', black: 'thinking' },
      moves: { white: [], black: [] },
    });
    const [white, black] = [await t.raw(), await t.raw()];
    await white.subscribe(rid);
    await black.subscribe(rid);
    for (const [client, color] of [
      [white, 'white'],
      [black, 'black'],
    ]) {
      await client.dispatch(form(rid), [
        { type: 'submit', isPrivate: true, payload: { color, moves: [color] } },
        { type: 'setReadySubmission', payload: { color } },
      ]);
    }
    assert.deepEqual((await white.next('onReconciliateActions'))[0].rid, form(rid));
  }
});

it('onResourceSubscriberRemoved carries the string', async (t) => {
  const rid = await t.create('counter', { count: 0 });
  const peer = await t.raw();
  await peer.subscribe(rid);
  const client = await t.raw({ id: undefined });
  await client.subscribe(asObject(rid));
  client.close();
  assert.equal((await peer.next('onResourceSubscriberRemoved'))[0].rid, rid);
});

it('a rid is split at the first colon', { oursOnly: 'the npm server splits at every colon' }, async (t) => {
  const id = `${t.fresh('a')}:b:c`;
  const rid = await t.create('counter', { count: 8 }, id);
  assert.equal(rid, `counter:${id}`);
  const client = await t.raw();
  assert.deepEqual((await client.state(rid))[0], { count: 8 });
  assert.deepEqual((await client.state({ resourceType: 'counter', resourceId: id }))[0], { count: 8 });
});

for (const id of ['ünïcode-✓', 'with space', 'slash/and?query#hash', '%2F', '"quoted"']) {
  it(`an id may be any text: ${id}`, async (t) => {
    const unique = `${id}${t.fresh()}`;
    const rid = await t.create('counter', { count: 1 }, unique);
    const client = await t.raw();
    await client.subscribe(rid);
    await client.dispatch(rid, { type: 'increment' });
    assert.deepEqual((await client.state(rid))[0], { count: 2 });
    assert.deepEqual((await t.publicState(rid))[0], { count: 2 });
  });
}

for (const [what, rid] of [
  ['no rid', undefined],
  ['null', null],
  ['a number', 7],
  ['no colon', 'counter'],
  ['an empty text', ''],
  ['an empty id', 'counter:'],
  ['an object without an id', { resourceType: 'counter' }],
  ['an object with an object in it', { resourceType: { a: 1 }, resourceId: 'x' }],
  ['an array', ['counter', 'x']],
]) {
  it(`a malformed rid is an error: ${what}`, { oursOnly: 'the npm server throws' }, async (t) => {
    const client = await t.raw();
    for (const event of [
      'getResource',
      'getResourceState',
      'getResourceSubscribers',
      'addResourceSubscriber',
    ]) {
      const answer = await client.ask(event, { rid });
      assert.deepEqual({ ok: answer.ok, err: answer.err }, { ok: false, err: true }, event);
    }
    const answer = await client.ask('emitActionDispatch', { rid, action: { type: 'increment' } });
    assert.equal(answer.ok, false);
  });
}
