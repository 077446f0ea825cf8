// npm-scenarios, "Store": concurrent updates are applied one after another.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table' });

it('concurrent updates of one resource are applied one after another, in order', { oursOnly: 'the npm server’s update is not atomic' }, async (t) => {
  const rid = await t.create('value', []);
  const writers = [await t.raw(), await t.raw(), await t.raw()];
  const reader = await t.raw();
  await reader.subscribe(rid);
  await Promise.all(
    writers.flatMap((writer, who) =>
      Array.from({ length: 50 }, (_, n) => writer.dispatch(rid, { type: 'push', payload: [who, n] }))
    )
  );
  const [state] = await reader.state(rid);
  assert.equal(state.length, 150);
  for (const who of [0, 1, 2]) {
    const own = state.filter((item) => item[0] === who).map((item) => item[1]);
    assert.deepEqual(own, Array.from({ length: 50 }, (_, n) => n), 'each writer’s own order is kept');
  }
  const forwarded = [];
  for (let count = 0; count < 150; count += 1) {
    forwarded.push((await reader.next('onFwdAction'))[0].action.payload);
  }
  assert.deepEqual(forwarded, state, 'everybody is told in that order (G1)');
});
