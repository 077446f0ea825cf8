// `movex dev`: a saved file changes the reducers in place.

import assert from 'node:assert/strict';
import { loadDefinition } from '../support/apps.js';
import { it } from '../support/own-server.js';
import { checksumOf } from '../support/checksum.js';

const files = {
  'movex.config.ts': "import { tally } from './tally';\n\nexport default { resources: { tally } };\n",
  'tally.ts': `type State = { total: number };

const STEP = 1;

export const tally = (state: State = { total: 0 }, action: { type: string }): State =>
  action.type === 'add' ? { total: state.total + STEP } : state;
`,
};

const playing = async (w) => {
  const app = await w.app(files);
  const t = await w.table({ app: app.folder, command: 'dev' });
  const rid = await t.create('tally', { total: 0 });
  const client = await t.raw();
  await client.subscribe(rid);
  for (let count = 0; count < 3; count += 1) {
    await client.dispatch(rid, { type: 'add' });
  }
  return { app, t, rid, client };
};

it('connections stay, and each resource is folded anew with the new code', async (w) => {
  const { app, t, rid, client } = await playing(w);
  await app.replace('tally.ts', 'STEP = 1', 'STEP = 10');
  const [event] = await client.next('onReconciliateActions');
  assert.deepEqual(event.actions, []);
  assert.equal(event.finalChecksum, checksumOf({ total: 30 }));
  assert.deepEqual((await client.state(rid))[0], { total: 30 });
  assert.deepEqual(client.disconnects, []);
  await client.dispatch(rid, { type: 'add' });
  assert.deepEqual((await t.publicState(rid))[0], { total: 40 });
});

it('an npm client shows the new state', async (w) => {
  const { app, t, rid } = await playing(w);
  const window = await (
    await t.npm('player', { definition: await loadDefinition(app.folder) })
  ).bind(rid);
  assert.deepEqual(window.state, { total: 3 });
  await app.replace('tally.ts', 'STEP = 1', 'STEP = 5');
  await window.shows({ total: 15 });
});

it('a file that does not compile: said with file and line, the old code goes on', async (w) => {
  const { app, t, rid, client } = await playing(w);
  await app.replace('tally.ts', 'STEP = 1;', 'STEP = ;');
  await t.server.printed(/tally\.ts:3/);
  await client.dispatch(rid, { type: 'add' });
  assert.deepEqual((await client.state(rid))[0], { total: 4 });
  await app.replace('tally.ts', 'STEP = ;', 'STEP = 2;');
  const [event] = await client.next('onReconciliateActions');
  assert.equal(event.finalChecksum, checksumOf({ total: 8 }));
});

it('a reducer that fails in the new fold: the old state stays, and the output says why', async (w) => {
  const { app, t, rid, client } = await playing(w);
  await app.write(
    'tally.ts',
    `export const tally = (state: any = { total: 0 }, action: { type: string }) => {
  if (action.type === 'add') {
    for (;;) {}
  }
  return state;
};
`
  );
  await t.server.printed(/tally/);
  // Asked until the reload is over: whatever it does, the state is not lost.
  assert.deepEqual((await client.state(rid))[0], { total: 3 });
  await app.write('tally.ts', files['tally.ts'].replace('STEP = 1', 'STEP = 7'));
  const event = await client.next('onReconciliateActions', 15_000);
  assert.ok(event);
  assert.deepEqual(client.disconnects, []);
});

it('a secret stays one over a reload (M27)', async (w) => {
  const game = (label) => `
type State = { ready: string[]; hands: Record<string, string>; label: string };
export const tally = (state: State = { ready: [], hands: {}, label: '' }, action: any): State => {
  switch (action.type) {
    case 'hide':
      return { ready: [...state.ready, action.payload.by], hands: { ...state.hands, [action.payload.by]: action.payload.hand }, label: '${label}' };
    case 'hidden':
      return { ...state, ready: [...state.ready, action.payload.by], label: '${label}' };
    default:
      return state;
  }
};
tally.$canReconcileState = (state: State) => state.ready.length >= 2;
`;
  const app = await w.app({ ...files, 'tally.ts': game('old') });
  const t = await w.table({ app: app.folder, command: 'dev' });
  const rid = await t.create('tally', { ready: [], hands: {}, label: '' });
  const [author, peer] = [await t.raw(), await t.raw()];
  await author.subscribe(rid);
  await peer.subscribe(rid);
  const hide = (by) => [
    { type: 'hide', isPrivate: true, payload: { by, hand: `hand-of-${by}` } },
    { type: 'hidden', payload: { by } },
  ];
  await author.dispatch(rid, hide('author'));
  await app.write('tally.ts', game('new'));
  const [toPeer] = await peer.next('onReconciliateActions');
  const [toAuthor] = await author.next('onReconciliateActions');
  assert.deepEqual(toPeer.actions, []);
  const seen = { ready: ['author'], hands: {}, label: 'new' };
  assert.equal(toPeer.finalChecksum, checksumOf(seen));
  assert.equal(toAuthor.finalChecksum, checksumOf({ ...seen, hands: { author: 'hand-of-author' } }));
  assert.doesNotMatch(peer.frames.join('\n'), /hand-of-author/);

  await peer.dispatch(rid, hide('peer'));
  const [state] = await peer.state(rid);
  assert.deepEqual(state.hands, { author: 'hand-of-author', peer: 'hand-of-peer' });
});

it('a reload in the midst of play loses no action and no order', async (w) => {
  const { app, t, rid, client } = await playing(w);
  const peer = await t.raw();
  await peer.subscribe(rid);
  let sent = 3;
  const play = async () => {
    while (client.count('onReconciliateActions') === 0) {
      await client.dispatch(rid, { type: 'add' });
      sent += 1;
    }
  };
  const playedOn = play();
  await app.replace('tally.ts', 'STEP = 1', 'STEP = 100');
  await playedOn;
  await client.dispatch(rid, { type: 'add' });
  sent += 1;
  await peer.settled(rid);
  assert.deepEqual((await peer.state(rid))[0], { total: sent * 100 });
  assert.equal(peer.count('onFwdAction'), sent - 3);
});

it('code that does not compile, or throws, at the first start: waited for until it is mended', async (w) => {
  const app = await w.app(files);
  await app.replace('tally.ts', 'STEP = 1;', 'STEP = ;');
  const server = w.launch(['dev', '--path', `${app.folder}/movex.config.ts`, '--port', '0']);
  await server.printed(/tally\.ts:3[^]*waiting until a file/);
  await app.replace('tally.ts', 'STEP = ;', 'STEP = undefined!.length;');
  await server.printed(/tally\.ts:3[^]*waiting until a file[^]*tally\.ts:3[^]*waiting until a file/);
  await app.replace('tally.ts', 'STEP = undefined!.length;', 'STEP = 1;');
  await server.printed(/movex is ready on/);
});
