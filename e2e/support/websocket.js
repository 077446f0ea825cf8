// A bare WebSocket to the Socket.IO endpoint: for frames that no client
// library would send.

import WebSocket from 'ws';
import { until } from './until.js';

class BareSocket {
  #received = [];
  #taken = 0;
  #listeners = new Set();

  constructor(socket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const text = String(data);
      // Engine.IO's own ping may come at any time.
      if (text === '2') {
        socket.send('3');
        return;
      }
      this.#received.push(text);
      this.#changed();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.#changed();
    });
    socket.on('error', (error) => {
      this.error = error;
      this.#changed();
    });
  }

  #changed() {
    this.#listeners.forEach((listener) => listener());
  }

  #until(condition, what) {
    return until(
      condition,
      (check) => {
        this.#listeners.add(check);
        return () => this.#listeners.delete(check);
      },
      what
    );
  }

  get frames() {
    return [...this.#received];
  }

  opened() {
    this.socket.on('open', () => {
      this.isOpen = true;
      this.#changed();
    });
    return this.#until(() => {
      if (this.error) {
        throw this.error;
      }
      return this.isOpen;
    }, 'an open WebSocket');
  }

  send(text) {
    this.socket.send(text);
  }

  /** The next frame that was not taken yet. */
  async next() {
    const index = this.#taken++;
    await this.#until(() => this.#received.length > index, `frame number ${index + 1}`);
    return this.#received[index];
  }

  closed() {
    return this.#until(() => this.closeCode !== undefined || this.error, 'the server closes');
  }

  close() {
    this.socket.terminate();
  }
}

/** `query` starts with `?`; the keys of the protocol itself are added. */
export const openWebSocket = async (server, query = '?') => {
  const address = `${server.url.replace('http', 'ws')}/socket.io/${query}&EIO=4&transport=websocket`;
  const bare = new BareSocket(new WebSocket(address));
  await bare.opened();
  return bare;
};

/** A connection on which the Socket.IO handshake is done. */
export const connectBare = async (server, id) => {
  const bare = await openWebSocket(server, `?clientId=${encodeURIComponent(id)}&clientInfo=%7B%7D`);
  await bare.next();
  bare.send('40');
  await bare.next();
  await bare.next();
  return bare;
};
