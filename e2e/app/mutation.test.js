// A reducer that changes what it is given works on a copy of its own: it warns
// once, and neither the other views nor the other resources are touched.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';
import { checksumOf } from '../support/checksum.js';

const careless = `type State = { list: number[]; deep: { cards: string[] }; hidden: number };

export const game = (
  state: State = { list: [], deep: { cards: [] }, hidden: 0 },
  action: any
): State => {
  switch (action.type) {
    case 'push':
      state.list.push(action.payload);
      return state;
    case 'hide':
      state.deep.cards.push(action.payload.card);
      state.hidden += 1;
      return { ...state };
    case 'hidden':
      state.hidden++;
      return state;
    case 'sort':
      action.payload.sort();
      return { ...state, list: action.payload };
    case 'clean':
      return { ...state, list: [...state.list].reverse() };
    default:
      return state;
  }
};

export default { resources: { game } };
`;
const empty = { list: [], deep: { cards: [] }, hidden: 0 };

it('states and actions are as if it had copied, and it is warned about once', async (w) => {
  const app = await w.app({ 'movex.config.ts': careless });
  const t = await w.table({ app: app.folder });
  const [rid, neighbour] = [await t.create('game', empty), await t.create('game', empty)];
  const [client, peer] = [await t.raw(), await t.raw()];
  await peer.subscribe(rid);
  for (const payload of [3, 1, 2]) {
    await client.dispatch(rid, { type: 'push', payload });
  }
  assert.deepEqual((await client.state(rid))[0], { ...empty, list: [3, 1, 2] });
  await client.dispatch(rid, { type: 'sort', payload: [9, 8] });
  const forwarded = [];
  for (let n = 0; n < 4; n += 1) {
    forwarded.push((await peer.next('onFwdAction'))[0]);
  }
  assert.deepEqual(forwarded[3].action.payload, [9, 8], 'the action travels as it was sent');
  assert.deepEqual((await client.state(rid))[0], { ...empty, list: [8, 9] });
  assert.deepEqual((await client.state(neighbour))[0], empty);
  await t.server.printed(/movex\.config\.ts:9/);
  await t.server.stop();
  const warnings = t.server.output.split('\n').filter((line) => /WARN.*(changes|copy)/.test(line));
  assert.equal(warnings.length, 1, warnings.join('\n'));
});

it('a secret that is put into a shared part of the state stays in its author’s view', async (w) => {
  const app = await w.app({ 'movex.config.ts': careless });
  const t = await w.table({ app: app.folder });
  const rid = await t.create('game', empty);
  const [author, peer] = [await t.raw(), await t.raw()];
  await peer.subscribe(rid);
  await author.dispatch(rid, [
    { type: 'hide', isPrivate: true, payload: { card: 'ace' } },
    { type: 'hidden' },
  ]);
  const seen = { ...empty, hidden: 1 };
  assert.deepEqual(await peer.state(rid), [seen, checksumOf(seen)]);
  assert.deepEqual((await author.state(rid))[0], { ...seen, deep: { cards: ['ace'] } });
  await peer.dispatch(rid, { type: 'push', payload: 5 });
  assert.deepEqual((await peer.state(rid))[0], { ...seen, list: [5] });
  assert.deepEqual((await author.state(rid))[0], { ...seen, list: [5], deep: { cards: ['ace'] } });
  assert.doesNotMatch(peer.frames.join('\n'), /ace/);
});
