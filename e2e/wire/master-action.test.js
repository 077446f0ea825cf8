// movex-v0, master actions: `$rqstAt$` is replaced by the master's time.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'table' });
const NOW = '$rqstAt$';
const empty = { last: null, all: [] };

const pairOfClients = async (t) => {
  const rid = await t.create('stamps', empty);
  const [sender, peer] = [await t.raw(), await t.raw()];
  await sender.subscribe(rid);
  await peer.subscribe(rid);
  return { rid, sender, peer };
};

it('the ack carries the action as it was applied, and its checksum', async (t) => {
  const { rid, sender, peer } = await pairOfClients(t);
  const ack = await sender.dispatch(rid, {
    type: 'stamp',
    _isMaster: true,
    payload: { at: NOW, note: 'x' },
  });
  const { requestAt } = ack.masterContext;
  const applied = { type: 'stamp', payload: { at: requestAt, note: 'x' } };
  const state = { last: applied.payload, all: [applied.payload] };
  assert.deepEqual(ack, {
    type: 'masterActionAck',
    nextCheckedAction: { checksum: checksumOf(state), action: applied },
    masterContext: { requestAt },
  });
  const [forwarded] = await peer.next('onFwdAction');
  assert.deepEqual(forwarded, {
    rid,
    action: applied,
    checksum: checksumOf(state),
    masterContext: { requestAt },
  });
  assert.deepEqual(await t.publicState(rid), [state, checksumOf(state)]);
});

it('the payload itself may be the placeholder', async (t) => {
  const { rid, sender } = await pairOfClients(t);
  const ack = await sender.dispatch(rid, { type: 'stamp', _isMaster: true, payload: NOW });
  assert.equal(ack.nextCheckedAction.action.payload, ack.masterContext.requestAt);
});

const places = {
  'an object in an object': [{ a: { b: { c: NOW } } }, (at) => ({ a: { b: { c: at } } })],
  'two keys': [{ a: NOW, b: NOW }, (at) => ({ a: at, b: at })],
  'an array': [{ list: [NOW] }, (at) => ({ list: [at] })],
};
for (const [where, [payload, expected]] of Object.entries(places)) {
  it(`it is replaced in ${where}`, async (t) => {
    const { rid, sender } = await pairOfClients(t);
    const ack = await sender.dispatch(rid, { type: 'stamp', _isMaster: true, payload });
    assert.deepEqual(
      ack.nextCheckedAction.action.payload,
      expected(ack.masterContext.requestAt)
    );
  });
}

const hardPlaces = {
  'an array several times': [[NOW, 1, NOW, NOW], (at) => [at, 1, at, at]],
  'objects in an array': [[{ at: NOW }, { at: NOW }], (at) => [{ at }, { at }]],
  'arrays in an array': [[[NOW], [[NOW]]], (at) => [[at], [[at]]]],
  'a key with a slash and a tilde': [{ 'a~1b': NOW, 'c/d': NOW, '~': NOW }, (at) => ({ 'a~1b': at, 'c/d': at, '~': at })],
};
for (const [where, [payload, expected]] of Object.entries(hardPlaces)) {
  it(`it is replaced in ${where}`, { oursOnly: 'the npm server replaces it wrongly or hangs' }, async (t) => {
    const { rid, sender } = await pairOfClients(t);
    const ack = await sender.dispatch(rid, { type: 'stamp', _isMaster: true, payload });
    assert.deepEqual(
      ack.nextCheckedAction.action.payload,
      expected(ack.masterContext.requestAt)
    );
  });
}

it('a text that only contains it, and a key that is it, stay', { oursOnly: 'the npm server hangs on such a key' }, async (t) => {
  const { rid, sender } = await pairOfClients(t);
  const payload = { text: `at ${NOW}`, [NOW]: 1 };
  const ack = await sender.dispatch(rid, { type: 'stamp', _isMaster: true, payload });
  assert.deepEqual(ack.nextCheckedAction.action.payload, payload);
});

it('without _isMaster it is a text like any other', async (t) => {
  const { rid, sender, peer } = await pairOfClients(t);
  const ack = await sender.dispatch(rid, { type: 'stamp', payload: NOW });
  assert.equal(ack.type, 'ack');
  assert.equal((await peer.next('onFwdAction'))[0].action.payload, NOW);
});

it('it is replaced in both halves of a pair', { oursOnly: 'the npm server leaves the text' }, async (t) => {
  const { rid, sender, peer } = await pairOfClients(t);
  // The npm client marks both halves when the action asks for the time.
  const ack = await sender.dispatch(rid, [
    { type: 'stamp', isPrivate: true, _isMaster: true, payload: { secret: 1, at: NOW } },
    { type: 'stamped', _isMaster: true, payload: { at: [NOW, NOW] } },
  ]);
  const { requestAt } = ack.masterContext;
  const [forwarded] = await peer.next('onFwdAction');
  assert.deepEqual(forwarded.action, { type: 'stamped', payload: { at: [requestAt, requestAt] } });
  const own = { secret: 1, at: requestAt };
  assert.deepEqual((await sender.state(rid))[0], { last: own, all: [own] });
});

it('the master’s time never runs back within a resource (M26)', async (t) => {
  const { rid, sender } = await pairOfClients(t);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      sender.dispatch(rid, { type: 'stamp', _isMaster: true, payload: NOW })
    )
  );
  const times = answers.map((answer) => answer.masterContext.requestAt);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
});
