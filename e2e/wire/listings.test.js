// `dev` answers the listings to everybody, as the npm server does.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table', command: 'dev' });

it('/connections lists the clients by id', async (t) => {
  const client = await t.raw({ info: { name: 'Seen' } });
  const { status, body } = await t.http('/connections');
  assert.equal(status, 200);
  assert.deepEqual(body[client.client.id].info, { name: 'Seen' });
});

it('/store lists the resources', async (t) => {
  const rid = await t.create('counter', { count: 41 });
  const { status, text } = await t.http('/store');
  assert.equal(status, 200);
  assert.ok(text.includes(rid), text);
});
