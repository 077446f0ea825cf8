// movex-v0, "HTTP".

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'table' });

it('/ welcomes', async (t) => {
  const { status, body } = await t.http('/');
  assert.equal(status, 200);
  assert.deepEqual(body, { message: 'Welcome to Movex!' });
});

it('/health is for who watches the process', { oursOnly: 'the npm server has none' }, async (t) => {
  assert.equal((await t.http('/health')).status, 200);
});

it('every answer is open to pages of other origins', async (t) => {
  const rid = await t.create('counter', { count: 1 });
  for (const path of ['/', `/api/resources/${rid}/state`, '/api/resources/counter:none/state']) {
    const { headers } = await t.http(path, { headers: { origin: 'https://game.example' } });
    assert.equal(headers.get('access-control-allow-origin'), '*', path);
  }
});

it('a preflight is answered', async (t) => {
  const { status, headers } = await t.http('/api/resources/counter:x/state', {
    method: 'OPTIONS',
    headers: { origin: 'https://game.example', 'access-control-request-method': 'GET' },
  });
  assert.ok(status === 200 || status === 204, `status ${status}`);
  assert.equal(headers.get('access-control-allow-origin'), '*');
});

it('/api/resources/:rid/state answers state and checksum', async (t) => {
  const rid = await t.create('counter', { count: 6 });
  const { status, body } = await t.http(`/api/resources/${rid}/state`);
  assert.equal(status, 200);
  assert.deepEqual(body, [{ count: 6 }, checksumOf({ count: 6 })]);
});

it('/api/resources/:rid/state of an unknown id is 404, the rid as an object', async (t) => {
  const resourceId = t.fresh('none');
  const { status, body } = await t.http(`/api/resources/counter:${resourceId}/state`);
  assert.equal(status, 404);
  const { type, reason, content } = body;
  assert.deepEqual(
    { type, reason, content },
    {
      type: 'MovexStoreError',
      reason: 'ResourceInexistent',
      content: { rid: { resourceType: 'counter', resourceId } },
    }
  );
});

it('/api/resources/:rid answers the stored item', async (t) => {
  const rid = await t.create('counter', { count: 6 });
  const { status, body } = await t.http(`/api/resources/${rid}`);
  assert.equal(status, 200);
  assert.equal(body.rid, rid);
  assert.deepEqual(body.state, [{ count: 6 }, checksumOf({ count: 6 })]);
});

for (const tail of ['', '/state']) {
  it(`/api/resources/:rid${tail}: 400 for a bad type or no colon`, async (t) => {
    assert.equal((await t.http(`/api/resources/nope:x${tail}`)).status, 400);
    assert.equal((await t.http(`/api/resources/counter${tail}`)).status, 400);
  });
}

it('/api/resources/:rid of an unknown id is 404', async (t) => {
  assert.equal((await t.http(`/api/resources/counter:${t.fresh('none')}`)).status, 404);
});

it('the public view is all that HTTP shows of a secret', { oursOnly: 'the npm server shows the fragments' }, async (t) => {
  const rid = await t.create('movesWithReveal', {
    status: { white: 'thinking', black: 'thinking' },
    moves: { white: [], black: [] },
  });
  const white = await t.raw();
  await white.subscribe(rid);
  await white.dispatch(rid, [
    { type: 'submit', isPrivate: true, payload: { color: 'white', moves: ['knight-to-f3'] } },
    { type: 'setReadySubmission', payload: { color: 'white' } },
  ]);
  for (const path of [`/api/resources/${rid}`, `/api/resources/${rid}/state`, '/store', '/connections']) {
    assert.doesNotMatch((await t.http(path)).text, /knight-to-f3/, path);
  }
});

it('an unknown path is 404', async (t) => {
  assert.equal((await t.http('/no/such/page')).status, 404);
});

it('a rid in the path may be percent-encoded, malformed encoding is refused', async (t) => {
  const rid = await t.create('counter', { count: 1 }, `a/b ${t.fresh()}`);
  assert.deepEqual((await t.publicState(rid))[0], { count: 1 });
  assert.ok((await t.http('/api/resources/counter%3A%E0%A4%A/state')).status >= 400);
});
