// `movex build` checks an app and writes one file, which `serve` serves.

import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { it } from '../support/own-server.js';
import { Table } from '../support/fixture.js';
import { within } from '../support/until.js';

const files = {
  'package.json': '{"name":"game"}',
  'src/movex.config.ts':
    "import { add } from './rules';\nexport default { resources: { sum: (s: number = 0, a: { type: string; payload?: number }) => add(s, a.payload ?? 0) } };\n",
  'src/rules.ts': 'export const add = (a: number, b: number): number => a + b;\n',
};

it('what it writes runs without the sources', async (w) => {
  const app = await w.app(files);
  const out = path.join(app.folder, 'game.movex');
  const built = w.launch(['build', '--out', out], { cwd: app.folder });
  assert.deepEqual(await within(built.ended, 'the build ends', 20_000), { code: 0, signal: null }, built.output);
  await access(out);
  await app.write('src/rules.ts', 'gone(');

  const server = w.launch(['serve', '--path', out, '--port', '0'], { cwd: app.folder });
  [server.url] = await server.printed(/http:\/\/127\.0\.0\.1:\d+/);
  const t = new Table(server);
  const rid = await t.create('sum', 40);
  const client = await t.raw();
  await client.dispatch(rid, { type: 'add', payload: 2 });
  assert.equal((await client.state(rid))[0], 42);
  await t.leave();
});

it('it fails on what `serve` would fail on, and says where', async (w) => {
  const app = await w.app({ ...files, 'src/rules.ts': 'export const add = (a: number =>;\n' });
  const built = w.launch(['build', '--out', path.join(app.folder, 'game.movex')], { cwd: app.folder });
  const { code } = await within(built.ended, 'the build ends', 20_000);
  assert.notEqual(code, 0);
  assert.match(built.stderr, /rules\.ts:1/);
});
