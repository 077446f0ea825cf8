// `node support/run.js FOLDER...`: runs every *.test.js under the folders.
// `node --test FOLDER` means different things in different versions of Node.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPlayroom } from './playroom.js';
import { movexBinary, reference } from './binary.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = process.argv.slice(2).flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.test.js') && !name.includes('node_modules'))
    .sort()
    .map((name) => path.join(folder, name))
);

if (!reference) {
  try {
    movexBinary();
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

if (process.argv.includes('browser')) {
  await buildPlayroom();
}

// Browsers draw in software here: two at once are slower than one after the other.
const concurrency = process.argv.includes('browser') ? 1 : 2;

const child = spawn(
  process.execPath,
  // A test that ran out of time leaves sockets behind: they must not hold the run.
  ['--test', '--test-force-exit', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...files],
  { cwd: root, stdio: 'inherit' }
);
child.on('close', (code) => process.exit(code ?? 1));
