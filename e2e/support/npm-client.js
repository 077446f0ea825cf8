// The unmodified npm client, with ways to wait for what it holds.

import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { until } from './until.js';

const require = createRequire(import.meta.url);
const { initMovex } = require('movex');

/**
 * An npm client with two refetches under way settles one promise twice, and
 * leaves the rejection to nobody. A browser prints it and plays on; Node's test
 * runner would fail the test. The client is not to be modified, so this one
 * rejection is let pass, and no other.
 */
const letDoubleSettlePass = () => {
  const [first] = process.listeners('unhandledRejection');
  if (first?.letsDoubleSettlePass) {
    return;
  }
  const strict = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const lenient = (error, promise) => {
    if (!/PromiseDelegate is already settled/.test(error?.message)) {
      strict.forEach((listener) => listener.call(process, error, promise));
    }
  };
  lenient.letsDoubleSettlePass = true;
  process.on('unhandledRejection', lenient);
};

const unwrap = async (asyncResult, what) => {
  const result = await asyncResult.resolve();
  if (result.err) {
    throw new Error(`${what}: ${JSON.stringify(result.val)}`);
  }
  return result.val;
};

/** A resource as a player's window holds it. */
export class NpmResource {
  constructor(client, observable) {
    this.client = client;
    this.observable = observable;
  }

  get state() {
    return this.observable.getUnwrappedState();
  }

  get checksum() {
    return this.observable.getCheckedState()[1];
  }

  get subscribers() {
    return this.observable.get().subscribers;
  }

  dispatch(action) {
    this.observable.dispatch(action);
  }

  dispatchPrivate(privateAction, publicAction) {
    this.observable.dispatchPrivate({ ...privateAction, isPrivate: true }, publicAction);
  }

  /** Waits until `condition(state, subscribers)` holds. */
  until(condition, what = condition.toString(), limitMs) {
    return until(
      () => condition(this.state, this.subscribers),
      (check) => this.observable.onUpdate(check),
      () => `${this.client.id} has ${what}; it has ${JSON.stringify(this.state)}`,
      limitMs
    );
  }

  /** Waits until this window shows exactly `state`. */
  shows(state) {
    return this.until(
      (current) => isDeepStrictEqual(current, state),
      JSON.stringify(state)
    );
  }
}

export class NpmClient {
  #types = new Map();
  #inFlight = 0;
  #listeners = new Set();

  /** `server` is where it connects: anything with a `url`. */
  constructor(server, { id, info, definition }) {
    letDoubleSettlePass();
    this.id = id;
    this.definition = definition;
    this.requests = [];
    this.readyCount = 0;
    this.connected = false;
    this.close = initMovex(
      {
        url: server.url,
        apiKey: '',
        clientId: id,
        clientInfo: info,
        onReady: (movex) => {
          this.readyCount += 1;
          this.connected = true;
          // The first one stays in use over reconnects: the resources are bound
          // through it, as in an app that binds once.
          this.movex ??= this.#observe(movex);
          this.id = this.movex.getClientId();
          this.#changed();
        },
        onDisconnect: () => {
          this.connected = false;
          this.#changed();
        },
      },
      definition
    );
  }

  #changed() {
    this.#listeners.forEach((listener) => listener());
  }

  #observe(movex) {
    const { emitter } = movex.connectionToMaster;
    const emitAndAcknowledge = emitter.emitAndAcknowledge.bind(emitter);
    emitter.emitAndAcknowledge = (event, request) => {
      this.requests.push({ event, request });
      this.#inFlight += 1;
      return emitAndAcknowledge(event, request).finally(() => {
        this.#inFlight -= 1;
        this.#changed();
      });
    };
    return movex;
  }

  #until(condition, what, limitMs) {
    return until(
      condition,
      (check) => {
        this.#listeners.add(check);
        return () => this.#listeners.delete(check);
      },
      what,
      limitMs
    );
  }

  async ready(limitMs) {
    await this.#until(() => this.movex, 'the npm client is ready', limitMs);
    return this;
  }

  /** Ready for the nth time: it came back after a drop. */
  readyAgain(count, limitMs) {
    return this.#until(() => this.readyCount >= count, `ready for the ${count}. time`, limitMs);
  }

  dropped() {
    return this.#until(() => !this.connected, `${this.id} notices that it was dropped`);
  }

  /** Every request that this client sent has its answer. */
  async idle(limitMs) {
    // A dispatch leaves in a later microtask than the one that made it.
    await new Promise(setImmediate);
    await this.#until(
      () => this.#inFlight === 0,
      () => `all answers; ${this.#inFlight} are missing`,
      limitMs
    );
  }

  /** How often it had to ask for the whole state. */
  get refetches() {
    return this.requests.filter(({ event }) => event === 'getResourceState').length;
  }

  type(name) {
    if (!this.#types.has(name)) {
      this.#types.set(name, this.movex.register(name));
    }
    return this.#types.get(name);
  }

  create(type, state, id) {
    return unwrap(this.type(type).create(state, id), `create ${type}`);
  }

  get(rid) {
    return unwrap(this.type(rid.split(':')[0]).get(rid), `get ${rid}`);
  }

  /** Binds and waits for the first state from the master. */
  async bind(rid) {
    const observable = this.type(rid.split(':')[0]).bind(rid);
    const resource = new NpmResource(this, observable);
    await resource.until((_, subscribers) => this.id in subscribers, `a binding to ${rid}`);
    return resource;
  }
}
