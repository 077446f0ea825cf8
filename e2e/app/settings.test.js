// Where a setting comes from: its flag, else its variable, else movex.json.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';
import { within } from '../support/until.js';

const files = {
  'movex.config.ts': 'export default { resources: { n: (s: number = 0) => s } };',
  'movex.json': '{ "corsOrigin": ["https://file.example"], "v0RetentionMs": 100 }',
};

const allowed = async (w, { args, env } = {}) => {
  const app = await w.app(files);
  const t = await w.table({ app: app.folder, args, env });
  for (const origin of ['https://flag.example', 'https://variable.example', 'https://file.example']) {
    const { headers } = await t.http('/', { headers: { origin } });
    if (headers.get('access-control-allow-origin') === origin) {
      return origin;
    }
  }
  return undefined;
};

it('the file', async (w) => {
  assert.equal(await allowed(w), 'https://file.example');
});

it('the variable before the file', async (w) => {
  const env = { MOVEX_CORS_ORIGIN: 'https://variable.example' };
  assert.equal(await allowed(w, { env }), 'https://variable.example');
});

it('the flag before both', async (w) => {
  const env = { MOVEX_CORS_ORIGIN: 'https://variable.example' };
  const args = ['--cors-origin', 'https://flag.example'];
  assert.equal(await allowed(w, { env, args }), 'https://flag.example');
});

it('`port`, the variable of the npm server', async (w) => {
  const app = await w.app(files);
  const server = w.launch(['serve', '--path', `${app.folder}/movex.config.ts`], {
    env: { port: '0' },
  });
  const [url] = await server.printed(/http:\/\/127\.0\.0\.1:(\d+)/);
  assert.notEqual(new URL(url).port, '3333');
  assert.equal((await fetch(url)).status, 200);
});

it('a file that is no JSON, or a setting that there is not, is a sentence', async (w) => {
  for (const text of ['{ "port": ', '{ "prot": 1 }', '{ "port": "many" }']) {
    const app = await w.app({ ...files, 'movex.json': text });
    const server = w.launch(['serve', '--path', `${app.folder}/movex.config.ts`, '--port', '0']);
    const { code } = await within(server.ended, 'it gives up');
    assert.notEqual(code, 0);
    assert.match(server.stderr, /movex\.json/, text);
  }
});
