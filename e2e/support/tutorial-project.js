// The project in tutorial/project as its developer has it: in a folder of its
// own, installed, built, and served by `movex serve` without any path named.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { launch } from './server.js';

const run = promisify(execFile);
const template = fileURLToPath(new URL('../tutorial/project', import.meta.url));
const URL_OF_TUTORIAL = 'localhost:3333';

/** A port to write into the project, as a developer does. */
const pickPort = async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
};

/** `{ folder, server, close }` of a fresh copy, with nothing changed but the url. */
export const serveTutorialProject = async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'movex-tutorial-'));
  await cp(template, folder, {
    recursive: true,
    filter: (source) => !/node_modules|dist$/.test(path.relative(template, source)),
  });
  const port = await pickPort();
  for (const file of ['src/App.tsx', 'src/movex.config.ts']) {
    const name = path.join(folder, file);
    const text = await readFile(name, 'utf8');
    assert.ok(text.includes(URL_OF_TUTORIAL));
    await writeFile(name, text.replace(URL_OF_TUTORIAL, `127.0.0.1:${port}`));
  }
  await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder });
  await run('npm', ['run', 'build'], { cwd: folder });

  const server = launch(['serve', '--port', String(port), '--static', 'dist'], { cwd: folder });
  [server.url] = await server.printed(/http:\/\/127\.0\.0\.1:\d+/, 20_000);
  const close = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { folder, server, close };
};
