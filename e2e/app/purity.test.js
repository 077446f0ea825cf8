// What makes a reducer impure is made deterministic and warned about, or, with
// --strict, refused.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';
import { checksumOf } from '../support/checksum.js';

const impure = `type State = { rolls: number[]; at: number[] };
type Action = { type: 'roll' } | { type: 'look' } | { type: 'plain' };

export const dice = (
  state: State = { rolls: [], at: [] },
  action: Action
): State => {
  switch (action.type) {
    case 'roll':
      return { ...state, rolls: [...state.rolls, Math.random()] };
    case 'look':
      return { ...state, at: [...state.at, Date.now(), new Date().getTime()] };
    case 'plain':
      return { ...state, at: [...state.at, 0] };
    default:
      return state;
  }
};

export default { resources: { dice } };
`;

it('chance and time come from the master, and are warned about once with file and line', async (w) => {
  const app = await w.app({ 'movex.config.ts': impure });
  const t = await w.table({ app: app.folder });
  const rid = await t.create('dice', { rolls: [], at: [] });
  const client = await t.raw();
  for (let count = 0; count < 3; count += 1) {
    await client.dispatch(rid, { type: 'roll' });
  }
  const { masterContext } = await client.dispatch(rid, { type: 'look' });
  const [state, checksum] = await client.state(rid);
  assert.equal(new Set(state.rolls).size, 3, 'each entry has its own chance');
  assert.ok(state.rolls.every((roll) => roll >= 0 && roll < 1));
  assert.deepEqual(state.at, [masterContext.requestAt, masterContext.requestAt]);
  assert.equal(checksum, checksumOf(state));

  await t.server.printed(/Math\.random/);
  await t.server.printed(/movex\.config\.ts:10/);
  await t.server.printed(/Date/);
  await t.server.stop();
  assert.equal(t.server.output.match(/movex\.config\.ts:10/g).length, 1, 'once');
});

it('--strict refuses them, and nothing else', async (w) => {
  const app = await w.app({ 'movex.config.ts': impure });
  const t = await w.table({ app: app.folder, args: ['--strict'] });
  const rid = await t.create('dice', { rolls: [], at: [] });
  const client = await t.raw();
  for (const type of ['roll', 'look']) {
    const ack = await client.dispatch(rid, { type });
    assert.equal(ack.nextChecksum, checksumOf({ rolls: [], at: [] }));
    await client.next('movexRejected');
  }
  await client.dispatch(rid, { type: 'plain' });
  assert.deepEqual((await client.state(rid))[0], { rolls: [], at: [0] });
});

it('the time zone of the host never shows', async (w) => {
  const app = await w.app({
    'movex.config.ts': `export default { resources: { zone: (s: unknown = null, a: any) =>
      a.type === 'look' ? { offset: new Date(0).getTimezoneOffset(), text: new Date(0).toString() } : s } };`,
  });
  const states = [];
  for (const TZ of ['Pacific/Auckland', 'America/New_York']) {
    const t = await w.table({ app: app.folder, env: { TZ } });
    const rid = await t.create('zone', null);
    const client = await t.raw();
    await client.dispatch(rid, { type: 'look' });
    states.push((await client.state(rid))[0]);
  }
  assert.deepEqual(states[0], states[1]);
  assert.equal(states[0].offset, 0);
});

it('a public draw is the same in every view, before the reveal and after (M9)', async (w) => {
  const app = await w.app({
    'movex.config.ts': `
type State = { rolls: number[]; hidden: number; secret: number | null; open: boolean };
const dice = (s: State = { rolls: [], hidden: 0, secret: null, open: false }, a: any): State => {
  switch (a.type) {
    case 'roll':
      return { ...s, rolls: [...s.rolls, Math.random(), Math.random()] };
    case 'hide':
      return { ...s, hidden: s.hidden + 1, secret: Math.random() };
    case 'hidden':
      return { ...s, hidden: s.hidden + 1 };
    case 'open':
      return { ...s, open: true };
    default:
      return s;
  }
};
dice.$canReconcileState = (s: State) => s.open;
export default { resources: { dice } };`,
  });
  const t = await w.table({ app: app.folder });
  const rid = await t.create('dice', { rolls: [], hidden: 0, secret: null, open: false });
  const [author, peer, spectator] = [await t.raw(), await t.raw(), await t.raw()];
  for (const client of [author, peer, spectator]) {
    await client.subscribe(rid);
  }
  await author.dispatch(rid, [{ type: 'hide', isPrivate: true }, { type: 'hidden' }]);
  const { secret } = (await author.state(rid))[0];
  assert.equal(typeof secret, 'number');
  for (const client of [peer, author, spectator]) {
    await client.dispatch(rid, { type: 'roll' });
  }
  const { rolls } = (await spectator.state(rid))[0];
  assert.equal(new Set(rolls).size, 6, 'no draw is like another');
  assert.deepEqual((await author.state(rid))[0].rolls, rolls);
  assert.ok(!rolls.includes(secret), 'a private draw is no hint at a public one');

  await peer.dispatch(rid, { type: 'open' });
  const revealed = { rolls, hidden: 1, secret, open: true };
  for (const client of [author, peer, spectator]) {
    assert.deepEqual((await client.state(rid))[0], revealed, 'the reveal draws nothing anew');
  }
});

it('other sources of time and chance are the master’s as well, or are not there', async (w) => {
  const app = await w.app({
    'movex.config.ts': `
const probe = (make: () => unknown) => { try { return make(); } catch { return 'refused'; } };
const sources = (s: unknown = null, a: any): unknown =>
  a.type === 'look'
    ? {
        text: probe(() => typeof Date()),
        called: probe(() => Date().includes('GMT') || Date().length > 0),
        now: probe(() => new Date(Date.now()).getTime() === new Date().getTime()),
        performance: probe(() => typeof (globalThis as any).performance?.now?.()),
        uuid: probe(() => typeof (globalThis as any).crypto?.randomUUID?.()),
        locale: probe(() => (1234.5).toLocaleString()),
      }
    : s;
export default { resources: { sources } };`,
  });
  const states = [];
  for (const LANG of ['de_DE.UTF-8', 'C']) {
    const t = await w.table({ app: app.folder, env: { LANG, LC_ALL: LANG } });
    const rid = await t.create('sources', null);
    const client = await t.raw();
    await client.dispatch(rid, { type: 'look' });
    states.push((await client.state(rid))[0]);
  }
  assert.equal(states[0].now, true);
  assert.deepEqual(states[0], states[1], 'the host does not show');
});
