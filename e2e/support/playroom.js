// The demo in examples/playroom, built as its README says.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { promisify } from 'node:util';
import { reference } from './binary.js';
import { startServer } from './server.js';

const run = promisify(execFile);

export const playroom = fileURLToPath(new URL('../../examples/playroom', import.meta.url));

/** Once before the tests: two test files at once must not write one folder. */
export const buildPlayroom = async () => {
  if (!existsSync(path.join(playroom, 'node_modules'))) {
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: playroom });
  }
  await run('npm', ['run', 'build'], { cwd: playroom });
};

/** The server with the demo's page, as one address. */
export const servePlayroom = async ({ port = 0 } = {}) => {
  const dist = path.join(playroom, 'dist');
  if (!existsSync(path.join(dist, 'index.html'))) {
    throw new Error('the playroom is not built: npm run test:browser builds it');
  }
  const server = await startServer({
    app: path.join(playroom, 'src'),
    args: ['--static', dist],
    port,
  });
  if (reference) {
    const { pageBefore } = await import('./reference-page.js');
    await pageBefore(server, dist);
  }
  return server;
};
