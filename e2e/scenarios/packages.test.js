// chess.js, immer and zod in reducers: on the master and in the npm clients alike.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';
import { convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'packages' });

const initialOf = (t, type) => t.definition.resources[type](undefined, { type: '_init' });

it('chess.js: a short game is played to mate', async (t) => {
  const rid = await t.create('chess', initialOf(t, 'chess'));
  const [white, black] = [await (await t.npm('white')).bind(rid), await (await t.npm('black')).bind(rid)];
  for (const [turn, move] of ['f3', 'e5', 'g4', 'Qh4#'].entries()) {
    const [mover, other] = turn % 2 ? [black, white] : [white, black];
    mover.dispatch({ type: 'move', payload: move });
    await other.until(({ history }) => history.length === turn + 1);
    await mover.client.idle();
  }
  assert.equal(white.state.over, true);
  await convergedInPublic(t, rid, white.state, [white, black]);
  assert.deepEqual([white.client.refetches, black.client.refetches], [0, 0]);
});

it('chess.js: a move that the rules do not allow is rejected', { oursOnly: 'the npm server dies' }, async (t) => {
  const initial = initialOf(t, 'chess');
  const rid = await t.create('chess', initial);
  const client = await t.raw();
  const ack = await client.dispatch(rid, { type: 'move', payload: 'Ke4' });
  assert.equal(ack.nextChecksum, checksumOf(initial));
  assert.equal((await client.next('movexRejected'))[0].code, 'reducer_failed');
});

it('immer and zod: what is valid is taken, what is not is rejected', { oursOnly: 'the npm server dies' }, async (t) => {
  const rid = await t.create('todos', { list: [] });
  const window = await (await t.npm('a')).bind(rid);
  window.dispatch({ type: 'add', payload: { text: '  wash  ' } });
  await window.client.idle();
  window.dispatch({ type: 'toggle', payload: 0 });
  await window.client.idle();
  const expected = { list: [{ id: 0, text: 'wash', done: true }] };
  await convergedInPublic(t, rid, expected, [window]);

  const raw = await t.raw();
  for (const payload of [{}, { text: '' }, { text: 'x', more: 1 }, 'text', null]) {
    const ack = await raw.dispatch(rid, { type: 'add', payload });
    assert.equal(ack.nextChecksum, checksumOf(expected));
    await raw.next('movexRejected');
  }
});
