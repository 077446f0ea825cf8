// The two listings of the npm server tell who is here and what they play:
// `serve` answers them to an admin key alone, `dev` to everybody.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const oursOnly = 'the npm server answers everybody';

const withKey = withServer({ app: 'table', args: ['--admin-key', 'open-sesame'] });

for (const path of ['/connections', '/store']) {
  withKey(`serve refuses ${path} without the admin key`, { oursOnly }, async (t) => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const { status, text } = await t.http(path, { headers });
      assert.ok(status === 401 || status === 403, `status ${status}`);
      assert.doesNotMatch(text, /open-sesame/);
    }
  });

  withKey(`serve answers ${path} to the admin key`, { oursOnly }, async (t) => {
    const rid = await t.create('counter', { count: 5 });
    const client = await t.raw({ info: { name: 'Seen' } });
    await client.subscribe(rid);
    const { status, text } = await t.http(path, {
      headers: { authorization: 'Bearer open-sesame' },
    });
    assert.equal(status, 200);
    assert.ok(text.includes(path === '/store' ? rid : client.client.id), text);
  });
}
