// --cors-origin narrows who may read the answers.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table', args: ['--cors-origin', 'https://game.example'] });
const oursOnly = 'the npm server has no such flag';

it('the origin that was named may read', { oursOnly }, async (t) => {
  const { headers } = await t.http('/', { headers: { origin: 'https://game.example' } });
  assert.equal(headers.get('access-control-allow-origin'), 'https://game.example');
});

it('another origin may not', { oursOnly }, async (t) => {
  const { headers } = await t.http('/', { headers: { origin: 'https://other.example' } });
  const allowed = headers.get('access-control-allow-origin');
  assert.ok(allowed !== '*' && allowed !== 'https://other.example', `allowed: ${allowed}`);
});
