// Without an admin key nobody can ask for the listings in `serve`.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table' });

for (const path of ['/connections', '/store']) {
  it(`${path} is closed`, { oursOnly: 'the npm server answers everybody' }, async (t) => {
    for (const authorization of ['Bearer', 'Bearer ', 'Bearer undefined']) {
      const { status } = await t.http(path, { headers: { authorization } });
      assert.ok([401, 403, 404].includes(status), `status ${status}`);
    }
  });
}
