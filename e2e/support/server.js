// One real server process on a free port.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { configOf } from './apps.js';
import { movexBinary, reference } from './binary.js';
import { until, within } from './until.js';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 8000;

// No server outlives the tests, not even that of a test which ran out of time.
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Server {
  #child;
  #listeners = new Set();

  constructor(child) {
    this.#child = child;
    this.stdout = '';
    this.stderr = '';
    this.url = undefined;
    running.add(child);
    const collect = (name) => (chunk) => {
      this[name] += chunk;
      this.#listeners.forEach((listener) => listener());
    };
    child.stdout.setEncoding('utf8').on('data', collect('stdout'));
    child.stderr.setEncoding('utf8').on('data', collect('stderr'));
    // `close` and not `exit`: by then all output has been read.
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.end = { code, signal };
      running.delete(child);
      this.#listeners.forEach((listener) => listener());
      return this.end;
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get port() {
    return Number(new URL(this.url).port);
  }

  get output() {
    return this.stdout + this.stderr;
  }

  alive() {
    return this.end === undefined;
  }

  /** Waits until what was printed, on either stream, matches. */
  printed(pattern, limitMs) {
    return until(
      () => this.output.match(pattern),
      (check) => {
        this.#listeners.add(check);
        return () => this.#listeners.delete(check);
      },
      () => `output matching ${pattern}; printed so far:\n${this.output}`,
      limitMs
    );
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Ends the process; kills it when it doesn't listen. */
  async stop() {
    if (!this.alive()) {
      return this.end;
    }
    this.signal('SIGTERM');
    try {
      return await within(this.ended, `process ${this.pid} ends on SIGTERM`, STOP_LIMIT_MS);
    } catch (error) {
      this.signal('SIGKILL');
      await this.ended;
      throw error;
    }
  }
}

const freePort = async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
};

const startReference = async (app) => {
  const port = await freePort();
  const script = fileURLToPath(new URL('./reference-server.cjs', import.meta.url));
  const child = spawn(process.execPath, [script, reference, configOf(app)], {
    env: { ...process.env, port: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const server = new Server(child);
  await server.printed(/started/, START_LIMIT_MS);
  server.url = `http://127.0.0.1:${port}`;
  return server;
};

/** Starts `movex` with exactly these arguments and doesn't wait for it to be ready. */
export const launch = (args, { cwd, env } = {}) =>
  new Server(
    spawn(movexBinary(), args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  );

/** Starts a server for an app and waits for its ready line. */
export const startServer = async ({ app, command = 'serve', args = [], port = 0, ...options }) => {
  if (reference) {
    return startReference(app);
  }
  const server = launch(
    [command, '--path', configOf(app), '--port', String(port), ...args],
    options
  );
  const ready = until(
    () => {
      if (!server.alive()) {
        throw new Error(`movex ended at start: ${JSON.stringify(server.end)}\n${server.output}`);
      }
      return server.stdout.match(/http:\/\/127\.0\.0\.1:(\d+)/);
    },
    (check) => {
      const timer = setInterval(check, 10);
      return () => clearInterval(timer);
    },
    () => `a ready line; printed so far:\n${server.output}`,
    START_LIMIT_MS
  );
  const [url] = await ready.catch(async (error) => {
    server.signal('SIGKILL');
    throw error;
  });
  server.url = url;
  return server;
};
