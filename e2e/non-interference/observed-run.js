// One play of a secret, with everything written down that anybody but its
// author gets to see: frames of peers and spectators, HTTP answers, printed lines.

import { Table } from '../support/fixture.js';
import { startServer } from '../support/server.js';

/** What differs between two runs by time and place alone. */
const normalised = (text, port) =>
  text
    .replace(/\x1b\[[0-9;]*m/g, '')
    .replaceAll(String(port), 'PORT')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'TIME')
    .replace(/\b1[6-9]\d{11}\b/g, 'MS')
    .replace(/"sid":"[^"]+"/g, '"sid":"SID"')
    .replace(/\b\d+(\.\d+)?\s?(ns|µs|us|ms|s)\b/g, 'TOOK');

const END = 'END-OF-RUN';

const headersOf = (headers) =>
  [...headers].filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value}`).join('\n');

/**
 * Plays and returns, by who saw it, the texts that they saw.
 *
 * `secrets` are the payloads of the author's private halves, in order; each may
 * be an array, whose last is accepted and whose others are refused attempts.
 * `authorSpeaks`: whether the author also acts in public, which discloses the
 * verdict of the author's own view on that action (M7).
 */
export const observe = async ({ secrets, args = [], authorSpeaks = true }) => {
  const server = await startServer({ app: new URL('./app', import.meta.url).pathname, args });
  const table = new Table(server, undefined);
  try {
    // The same names in each run: a name is no secret.
    const author = await table.raw({ id: 'author', info: { name: 'Author' } });
    const { rid } = await author.val('createResource', {
      resourceType: 'game',
      resourceId: 'table-1',
      resourceState: { ready: [], cards: {}, open: false, log: [] },
    });
    const peer = await table.raw({ id: 'peer', info: { name: 'Peer' } });
    const spectator = await table.raw({ id: 'spectator', info: {} });
    for (const client of [author, peer, spectator]) {
      await client.subscribe(rid);
      await author.settled(rid);
    }
    const http = [];
    const ask = async (path) => {
      const { status, headers, text } = await table.http(path);
      http.push(`${path} ${status}\n${headersOf(headers)}\n\n${text}`);
    };
    const look = async () => {
      for (const client of [peer, spectator]) {
        await client.state(rid);
        await client.ask('getResource', { rid });
        await client.ask('getResourceSubscribers', { rid });
      }
      for (const path of [
        `/api/resources/${rid}`,
        `/api/resources/${rid}/state`,
        '/health',
        '/store',
        '/connections',
        '/metrics',
      ]) {
        await ask(path);
      }
    };

    for (const attempts of secrets) {
      for (const payload of [attempts].flat()) {
        await author.ask('emitActionDispatch', {
          rid,
          action: [
            { type: 'hide', isPrivate: true, payload: { by: 'author', ...payload } },
            { type: 'hidden', payload: { by: 'author' } },
          ],
        });
      }
      await look();
    }
    // The peer has a secret of its own, and a newcomer subscribes in between.
    await peer.dispatch(rid, [
      { type: 'hide', isPrivate: true, payload: { by: 'peer', card: 'seven' } },
      { type: 'hidden', payload: { by: 'peer' } },
    ]);
    const newcomer = await table.raw({ id: 'newcomer', info: {} });
    await newcomer.subscribe(rid);
    await spectator.dispatch(rid, { type: 'say', payload: 'hello' });
    await author.settled(rid);
    if (authorSpeaks) {
      await author.dispatch(rid, { type: 'say', payload: 'hello too' });
    }
    await look();
    // A refused public action: its error must not speak of other views.
    await peer.ask('emitActionDispatch', { rid, action: { type: 'say', payload: null } });
    await peer.ask('emitActionDispatch', { rid, action: [] });
    await look();

    // The public fold prints this one: what comes after it in the log is the end
    // of the run, in which clients leave in any order.
    await spectator.dispatch(rid, { type: 'say', payload: END });
    await server.printed(new RegExp(END));
    for (const client of [peer, spectator, newcomer]) {
      await client.settled(rid);
    }

    const framesOf = (client) => normalised(client.frames.join('\n'), server.port);
    return {
      peer: framesOf(peer),
      spectator: framesOf(spectator),
      newcomer: framesOf(newcomer),
      http: normalised(http.join('\n---\n'), server.port),
      printed: normalised(server.output.slice(0, server.output.indexOf(END)), server.port),
      /** Not for the others: the proof that there was a secret. */
      ownState: (await author.state(rid))[0],
    };
  } finally {
    await table.leave();
    await server.stop();
  }
};
