// The binary as a process: its ready line, its end, its sentences.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { configOf } from '../support/apps.js';
import { it } from '../support/own-server.js';
import { within } from '../support/until.js';

const table = configOf('table');

it('the ready line goes to stdout, logs to stderr', async (w) => {
  const { server } = await w.table({ app: 'table' });
  assert.match(server.stdout, /http:\/\/127\.0\.0\.1:\d+/);
  assert.equal(server.stdout.trim().split('\n').length <= 10, true, server.stdout);
});

it('SIGTERM ends it within seconds, with clients connected', async (w) => {
  const t = await w.table({ app: 'table' });
  const rid = await t.create('counter', { count: 0 });
  const [client, polling] = [await t.raw(), await t.raw({ transports: ['polling'] })];
  await client.subscribe(rid);
  await polling.subscribe(rid);
  t.server.signal('SIGTERM');
  const end = await within(t.server.ended, 'the process ends', 8000);
  assert.deepEqual(end, { code: 0, signal: null });
  await client.disconnected();
});

it('SIGINT ends it as well', async (w) => {
  const { server } = await w.table({ app: 'table' });
  server.signal('SIGINT');
  await within(server.ended, 'the process ends', 8000);
});

it('a busy port gives a sentence, not a backtrace', async (w) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  w.closes({ close: () => holder.close() });
  const { port } = holder.address();
  const server = w.launch(['serve', '--path', table, '--port', String(port)]);
  const { code } = await within(server.ended, 'it gives up');
  assert.notEqual(code, 0);
  assert.match(server.stderr, new RegExp(`${port}`));
  assert.doesNotMatch(server.output, /panicked|RUST_BACKTRACE|stack backtrace/);
});

it('no app gives a sentence that names the file', async (w) => {
  const app = await w.app({ 'package.json': '{}' });
  const server = w.launch(['serve', '--port', '0'], { cwd: app.folder });
  const { code } = await within(server.ended, 'it gives up');
  assert.notEqual(code, 0);
  assert.match(server.stderr, /src\/movex\.config/);
  assert.doesNotMatch(server.output, /panicked/);
});

it('without --path it takes src/movex.config.ts of the current folder', async (w) => {
  const app = await w.app({
    'src/movex.config.ts': 'export default { resources: { n: (s: number = 4) => s } };',
  });
  const server = w.launch(['serve', '--port', '0'], { cwd: app.folder });
  const [url] = await server.printed(/http:\/\/127\.0\.0\.1:\d+/);
  assert.equal((await fetch(`${url}/api/resources/n:x/state`)).status, 404);
  assert.equal((await fetch(`${url}/api/resources/m:x/state`)).status, 400);
});

it('--help teaches', async (w) => {
  for (const args of [['--help'], ['serve', '--help'], ['dev', '--help']]) {
    const server = w.launch(args);
    const { code } = await within(server.ended, '--help ends');
    assert.equal(code, 0);
    assert.ok(server.stdout.length > 200);
  }
});

it('an unknown flag is refused with a hint', async (w) => {
  const server = w.launch(['serve', '--no-such-flag']);
  const { code } = await within(server.ended, 'it gives up');
  assert.notEqual(code, 0);
  assert.match(server.stderr, /--no-such-flag/);
});

it('--log json writes one JSON per line', async (w) => {
  const t = await w.table({ app: 'table', args: ['--log', 'json'] });
  await t.raw();
  await t.server.stop();
  const lines = t.server.stderr.split('\n').filter((line) => line.trim() !== '');
  assert.ok(lines.length > 0);
  lines.forEach((line) => assert.equal(typeof JSON.parse(line), 'object', line));
});

it('--max-message-bytes narrows what one message may be', async (w) => {
  const t = await w.table({ app: 'table', args: ['--max-message-bytes', '20000'] });
  const small = await t.raw();
  await small.val('createResource', { resourceType: 'value', resourceState: 'x'.repeat(10_000) });
  const large = await t.raw();
  large.socket.emit('createResource', {
    resourceType: 'value',
    resourceState: 'x'.repeat(30_000),
  });
  await large.disconnected();
  assert.equal((await small.ask('ping', null)).ok, true);
});
