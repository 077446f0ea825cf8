// A network that can be cut: connections pass through it to the server.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class DropProxy {
  #pipes = new Set();
  #server;
  #cut = false;

  static async to(server) {
    const proxy = new DropProxy(server);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  constructor(target) {
    this.#server = createServer((near) => {
      if (this.#cut) {
        near.destroy();
        return;
      }
      const far = connect(target.port, '127.0.0.1');
      this.#pipes.add(near).add(far);
      near.pipe(far).pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ]) {
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#pipes.delete(socket);
          other.destroy();
        });
      }
    });
  }

  /** Cuts every connection, without a goodbye, and lets none through. */
  cut() {
    this.#cut = true;
    for (const socket of this.#pipes) {
      socket.resetAndDestroy();
    }
  }

  mend() {
    this.#cut = false;
  }

  async close() {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
