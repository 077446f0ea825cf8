// --v0-takeover deny (M28): v0 proves no identity, so an app with secrets may
// refuse a second connection under a name while the first lives.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table', args: ['--v0-takeover', 'deny'] });
const oursOnly = 'the npm server has no such flag';

it('the second connection is refused, the first goes on', { oursOnly }, async (t) => {
  const id = t.fresh('only');
  const first = await t.raw({ id });
  const second = t.dial({ id, info: {} });
  await Promise.race([second.refused(), second.disconnected()]);
  assert.equal(second.count('onReady'), 0);
  assert.equal((await first.ask('ping', null)).ok, true);
  assert.deepEqual(first.disconnects, []);
});

it('when the first has gone, the name is free', { oursOnly }, async (t) => {
  const id = t.fresh('only');
  const first = await t.raw({ id });
  const watcher = await t.raw();
  first.close();
  // The server notices the close before it accepts what came after it, or
  // soon: a refusal in between is a refusal, so ask until it is let in.
  let second;
  for (let attempt = 0; attempt < 50 && second === undefined; attempt += 1) {
    const dialled = t.dial({ id, info: {} });
    second = await dialled.ready().catch(() => undefined);
    await watcher.settled();
  }
  assert.ok(second, 'the name became free');
});
