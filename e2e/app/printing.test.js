// M10: what a reducer prints in a fold that is not public is as secret as the fold.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';

const talkative = `
type State = { ready: string[]; hands: Record<string, string> };

const game = (state: State = { ready: [], hands: {} }, action: any): State => {
  console.log('reduce', action.type, JSON.stringify(action.payload));
  switch (action.type) {
    case 'hide':
      console.warn('hands are', JSON.stringify({ ...state.hands, [action.payload.by]: action.payload.hand }));
      if (action.payload.hand === 'fail-privately') {
        throw new Error('failed with ' + action.payload.hand);
      }
      return {
        ready: [...state.ready, action.payload.by],
        hands: { ...state.hands, [action.payload.by]: action.payload.hand },
      };
    case 'hidden':
      return { ...state, ready: [...state.ready, action.payload.by] };
    case 'say':
      return state;
    default:
      return state;
  }
};

export default { resources: { game } };
`;

const play = async (t) => {
  const rid = await t.create('game', { ready: [], hands: {} });
  const [author, peer] = [await t.raw(), await t.raw()];
  await author.subscribe(rid);
  await peer.subscribe(rid);
  const hide = (hand) => [
    { type: 'hide', isPrivate: true, payload: { by: 'author', hand } },
    { type: 'hidden', payload: { by: 'author' } },
  ];
  await author.dispatch(rid, hide('secret-scissors'));
  await author.ask('emitActionDispatch', { rid, action: hide('fail-privately') });
  // A public action is folded in the author's fork as well, which prints again.
  await peer.dispatch(rid, { type: 'say', payload: 'public-words' });
  return { author, peer };
};

it('serve prints the public fold and nothing of another', async (w) => {
  const app = await w.app({ 'movex.config.ts': talkative });
  const t = await w.table({ app: app.folder });
  await play(t);
  await t.server.printed(/public-words/);
  await t.server.stop();
  assert.doesNotMatch(t.server.output, /secret-scissors|fail-privately/);
});

it('serve with JSON logs does not either', async (w) => {
  const app = await w.app({ 'movex.config.ts': talkative });
  const t = await w.table({ app: app.folder, args: ['--log', 'json'] });
  await play(t);
  await t.server.printed(/public-words/);
  await t.server.stop();
  assert.doesNotMatch(t.server.output, /secret-scissors|fail-privately/);
});

it('dev prints those of forks too, marked, and only there', async (w) => {
  const app = await w.app({ 'movex.config.ts': talkative });
  const t = await w.table({ app: app.folder, command: 'dev' });
  const { author, peer } = await play(t);
  await t.server.printed(/secret-scissors/);
  const lines = t.server.output.split('\n');
  const secretLine = lines.findIndex((line) => line.includes('secret-scissors'));
  const around = lines.slice(Math.max(0, secretLine - 2), secretLine + 1).join('\n');
  assert.match(around, /private/i, 'marked as a private view');
  for (const path of ['/store', '/connections']) {
    assert.doesNotMatch((await t.http(path)).text, /secret-scissors/, path);
  }
  assert.doesNotMatch(peer.frames.join('\n'), /secret-scissors|fail-privately/);
  assert.equal(author.count('movexRejected'), 1);
});
