// --static serves the game's own page beside its master.

import assert from 'node:assert/strict';
import { configOf } from '../support/apps.js';
import { it } from '../support/own-server.js';
import { within } from '../support/until.js';

const pages = {
  'dist/index.html': '<!doctype html><title>the game</title>',
  'dist/assets/app.js': 'console.log("the game")',
  'dist/assets/style.css': 'body{}',
  'dist/with space.txt': 'spaced',
  'secret.txt': 'not for the world',
};

const serve = async (w) => {
  const app = await w.app(pages);
  return w.table({ app: 'table', args: ['--static', `${app.folder}/dist`] });
};

it('the page, its files and their types', async (w) => {
  const t = await serve(w);
  const index = await t.http('/');
  assert.equal(index.status, 200);
  assert.match(index.text, /the game/);
  assert.match(index.headers.get('content-type'), /^text\/html/);
  const script = await t.http('/assets/app.js');
  assert.match(script.headers.get('content-type'), /javascript/);
  assert.match((await t.http('/assets/style.css')).headers.get('content-type'), /^text\/css/);
  assert.equal((await t.http('/with%20space.txt')).text, 'spaced');
  assert.equal((await t.http('/?room=abc')).text, index.text);
});

it('the API and the sockets work beside it', async (w) => {
  const t = await serve(w);
  const rid = await t.create('counter', { count: 2 });
  assert.deepEqual((await t.publicState(rid))[0], { count: 2 });
  assert.equal((await t.http('/health')).status, 200);
});

it('nothing outside of the folder', async (w) => {
  const t = await serve(w);
  for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt', '//etc/passwd']) {
    const { text } = await t.http(path);
    assert.doesNotMatch(text, /not for the world|root:/, path);
  }
  assert.equal((await t.http('/assets/none.js')).status, 404);
});

it('a folder that does not exist is a sentence at start', async (w) => {
  const server = w.launch([
    'serve',
    '--path',
    configOf('table'),
    '--port',
    '0',
    '--static',
    '/no/such/folder',
  ]);
  const { code } = await within(server.ended, 'it gives up');
  assert.notEqual(code, 0);
  assert.match(server.stderr, /\/no\/such\/folder/);
});
