// A Socket.IO connection that may send anything and records every frame: the
// tests of the wire look at what travels, not at what the npm client makes of it.

import { io } from 'socket.io-client';
import { until, within, PATIENCE_MS } from './until.js';

export class RawClient {
  #listeners = new Set();
  #taken = new Map();

  constructor(server, options = {}) {
    const { id, info, query, namespace = '', ...socketOptions } = options;
    /** Every Socket.IO packet received, as text, in order. */
    this.frames = [];
    /** Every event received: { event, args }. */
    this.events = [];
    this.disconnects = [];
    this.socket = io(`${server.url}${namespace}`, {
      transports: ['websocket'],
      upgrade: false,
      forceNew: true,
      reconnection: false,
      query: {
        ...(id !== undefined && { clientId: id }),
        ...(info !== undefined && { clientInfo: JSON.stringify(info) }),
        ...query,
      },
      ...socketOptions,
    });
    const watchEngine = () => {
      this.socket.io.engine.on('packet', ({ type, data }) => {
        if (type === 'message') {
          this.frames.push(String(data));
        }
      });
    };
    watchEngine();
    // Each attempt makes a new engine, right after it is announced.
    this.socket.io.on('reconnect_attempt', () => queueMicrotask(watchEngine));
    this.socket.onAny((event, ...args) => {
      this.events.push({ event, args });
      this.#changed();
    });
    this.socket.on('disconnect', (reason) => {
      this.disconnects.push(reason);
      this.#changed();
    });
    this.socket.on('connect_error', (error) => {
      this.connectError = error;
      this.#changed();
    });
    this.socket.on('connect', () => this.#changed());
  }

  #changed() {
    this.#listeners.forEach((listener) => listener());
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

  /** Waits for `onReady`. */
  async ready() {
    await this.#until(
      () => {
        if (this.connectError) {
          throw this.connectError;
        }
        return this.events.some(({ event }) => event === 'onReady');
      },
      'onReady'
    );
    this.client = (await this.next('onReady'))[0];
    return this;
  }

  /** Sends an event and waits for its answer, whatever that is. */
  ask(event, ...args) {
    return this.askWithin(PATIENCE_MS, event, ...args);
  }

  askWithin(limitMs, event, ...args) {
    const answered = new Promise((resolve) => {
      this.socket.emit(event, ...args, (...answer) => resolve(answer));
    });
    return within(answered, `an answer to ${event} ${JSON.stringify(args)?.slice(0, 300)}`, limitMs).then(
      (answer) => {
        if (answer.length !== 1) {
          throw new Error(`an ack has one argument, this one ${JSON.stringify(answer)}`);
        }
        return answer[0];
      }
    );
  }

  /** Sends an event, and gives the value of its ok answer. */
  async val(event, ...args) {
    const answer = await this.ask(event, ...args);
    if (answer.ok !== true) {
      throw new Error(`${event} was refused: ${JSON.stringify(answer)}`);
    }
    return answer.val;
  }

  /** Dispatches an action or a pair; gives the value of the answer. */
  dispatch(rid, action) {
    return this.val('emitActionDispatch', { rid, action });
  }

  subscribe(rid) {
    return this.val('addResourceSubscriber', { rid, clientInfo: this.client?.info });
  }

  state(rid) {
    return this.val('getResourceState', { rid });
  }

  /** The arguments of the next event of this name that was not taken yet. */
  async next(event, limitMs) {
    const index = this.#taken.get(event) ?? 0;
    this.#taken.set(event, index + 1);
    const found = await this.#until(
      () => this.events.filter((known) => known.event === event)[index],
      () => `event ${event} number ${index + 1}; received: ${this.events.map((known) => known.event)}`,
      limitMs
    );
    return found.args;
  }

  /** How many events of this name came so far. */
  count(event) {
    return this.events.filter((known) => known.event === event).length;
  }

  /** Everything that this connection was due because of earlier requests has come. */
  async settled(rid) {
    if (rid === undefined) {
      await this.ask('ping', null);
    } else {
      await this.ask('getResourceState', { rid });
    }
  }

  disconnected(limitMs) {
    return this.#until(() => this.disconnects.at(-1), 'a disconnect', limitMs);
  }

  refused(limitMs) {
    return this.#until(() => this.connectError, 'a refused connection', limitMs);
  }

  close() {
    this.socket.disconnect();
  }
}
