// For tests that start the server themselves, with an app of their own.

import { test } from 'node:test';
import { reference } from './binary.js';
import { Table } from './fixture.js';
import { launch, startServer } from './server.js';
import { TemporaryApp } from './temporary-app.js';

class Workshop {
  #open = [];

  closes(thing) {
    this.#open.push(thing);
    return thing;
  }

  async app(files) {
    return this.closes(await TemporaryApp.with(files));
  }

  /** A running server on an app; gives a table at it. */
  async table(options) {
    const server = await startServer(options);
    const table = new Table(server, undefined);
    // Clients leave before the server stops.
    this.closes({
      close: async () => {
        await table.leave();
        await server.stop();
      },
    });
    return table;
  }

  /** Starts `movex` with these arguments; it is stopped with the test. */
  launch(args, options) {
    return this.closes(launch(args, options));
  }

  async clear() {
    for (const thing of this.#open.reverse()) {
      await (thing.close ?? thing.stop).call(thing);
    }
  }
}

/** Declares a test that builds its own server; these are about ours alone. */
export const it = (title, body) => {
  const skip = reference ? 'about the movex binary' : false;
  test(title, { timeout: 60_000, skip }, async () => {
    const workshop = new Workshop();
    try {
      await body(workshop);
    } finally {
      await workshop.clear();
    }
  });
};
