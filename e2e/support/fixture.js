// The frame of a test file: one server for the file, fresh clients and ids for
// each test, and after each test the proof that the server lives.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { loadDefinition } from './apps.js';
import { reference } from './binary.js';
import { NpmClient } from './npm-client.js';
import { RawClient } from './raw-client.js';
import { startServer } from './server.js';

/** What a test gets: ways to reach the server that close with the test. */
export class Table {
  #open = [];

  constructor(server, definition) {
    this.server = server;
    this.definition = definition;
  }

  /** An id that no other test uses. */
  fresh(prefix = 'id') {
    return `${prefix}-${randomUUID().slice(0, 8)}`;
  }

  closes(thing) {
    this.#open.push(thing);
    return thing;
  }

  /** A raw connection that is ready. */
  raw(options = {}) {
    return this.dial({ id: this.fresh('raw'), info: {}, ...options }).ready();
  }

  /** A raw connection with exactly these options, that nobody waits for. */
  dial(options = {}) {
    return this.closes(new RawClient(options.server ?? this.server, options));
  }

  /** An npm client that is ready. */
  npm(name, options = {}) {
    const client = new NpmClient(options.server ?? this.server, {
      id: options.id ?? this.fresh(name),
      info: options.info ?? { name },
      definition: options.definition ?? this.definition,
    });
    return this.closes(client).ready();
  }

  /** Creates a resource through a connection of its own; gives its rid. */
  async create(type, state, id = this.fresh(type)) {
    const maker = await this.raw();
    const { rid } = await maker.val('createResource', {
      resourceType: type,
      resourceState: state,
      resourceId: id,
    });
    maker.close();
    return rid;
  }

  /** GET, with the body as JSON where it is JSON. */
  async http(path, init) {
    const response = await fetch(`${this.server.url}${path}`, init);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
  }

  /** The state that everybody may see: `[state, checksum]`. */
  async publicState(rid) {
    const { status, body, text } = await this.http(`/api/resources/${encodeURIComponent(rid)}/state`);
    assert.equal(status, 200, text);
    return body;
  }

  async leave() {
    for (const thing of this.#open.reverse()) {
      await (thing.close ?? thing.stop).call(thing);
    }
  }
}

/**
 * Starts a server for the file. Returns the function that declares a test:
 *
 *     it('title', async (t) => { ... t.raw() ... });
 *     it('title', { oursOnly: 'what the npm server does instead' }, async (t) => { ... });
 */
export const withServer = (options) => {
  let server;
  let definition;
  before(async () => {
    [server, definition] = await Promise.all([startServer(options), loadDefinition(options.app)]);
  });
  after(() => server?.stop());

  return (title, ...rest) => {
    const [settings, body] = rest.length === 2 ? rest : [{}, rest[0]];
    const { oursOnly, timeout = 60_000 } = settings;
    test(title, { timeout, skip: reference ? (oursOnly ?? false) : false }, async () => {
      if (reference && !server.alive()) {
        server = await startServer(options);
      }
      const table = new Table(server, definition);
      try {
        await body(table);
      } finally {
        await table.leave();
      }
      assert.ok(server.alive(), `the server died:\n${server.output.slice(-4000)}`);
      assert.equal((await table.http('/')).status, 200, 'the server answers');
    });
  };
};
