// What `serve` says at start (M28): v0 proves no identity, so secrets are only
// safe from those who name no other's id.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';

it('an app with private actions is warned about', async (w) => {
  const { server } = await w.table({ app: 'table' });
  const [line] = await server.printed(/.*clientId.*/);
  assert.match(line, /rps/);
  assert.match(line, /--v0-takeover deny/);
});

it('an app without them is not', async (w) => {
  const app = await w.app({
    'movex.config.ts': 'export default { resources: { n: (s: number = 0) => s } };',
  });
  const t = await w.table({ app: app.folder });
  await t.raw();
  await t.server.stop();
  assert.doesNotMatch(t.server.output, /takeover/);
});
