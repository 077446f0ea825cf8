// A client that connects, subscribes, and then never reads again.

import { once } from 'node:events';
import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { within } from './until.js';

/** A masked text frame, as a client must send it. */
const frame = (text) => {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const header =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  const masked = payload.map((byte, index) => byte ^ mask[index % 4]);
  return Buffer.concat([header, mask, masked]);
};

/** Resolves when the server has confirmed the subscription. */
export const subscribeAndGoDeaf = async (server, rid) => {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  let heard = '';
  const hears = (pattern) =>
    within(
      new Promise((resolve) => {
        const listen = (chunk) => {
          heard += chunk.toString('latin1');
          const found = heard.match(pattern);
          if (found) {
            socket.off('data', listen);
            resolve(found);
          }
        };
        socket.on('data', listen);
      }),
      () => `${pattern}; heard ${heard}`
    );

  socket.write(
    [
      'GET /socket.io/?EIO=4&transport=websocket&clientInfo=%7B%7D HTTP/1.1',
      `Host: 127.0.0.1:${server.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      '',
      '',
    ].join('\r\n')
  );
  await hears(/0\{"sid"/);
  socket.write(frame('40'));
  const [, id] = await hears(/"onReady",\{"id":"([^"]+)"/);
  socket.write(frame(`421["addResourceSubscriber",{"rid":"${rid}"}]`));
  await hears(/431\[\{/);
  socket.pause();
  return { id, close: () => socket.destroy() };
};
