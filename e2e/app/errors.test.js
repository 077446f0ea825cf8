// Errors point into the developer's TypeScript.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';
import { within } from '../support/until.js';

/** Starts `serve` on these files, which must not load; gives what it printed. */
const fails = async (w, files, { args = [], command = 'serve' } = {}) => {
  const app = await w.app(files);
  const server = w.launch([
    command,
    '--path',
    `${app.folder}/movex.config.ts`,
    '--port',
    '0',
    ...args,
  ]);
  const { code } = await within(server.ended, () => `it gives up:\n${server.output}`);
  assert.notEqual(code, 0);
  assert.doesNotMatch(server.output, /panicked/);
  return server.stderr;
};

const config = "import { game } from './game';\n\nexport default { resources: { game } };\n";

it('a syntax error: file, line and the line itself', async (w) => {
  const text = await fails(w, {
    'movex.config.ts': config,
    'game.ts': 'type State = number;\n\nexport const game = (state: State = 0) => {\n  return state +;\n};\n',
  });
  assert.match(text, /game\.ts:4(:\d+)?/);
  assert.match(text, /return state \+;/);
});

it('an error while the module runs: file and line of the source', async (w) => {
  const text = await fails(w, {
    'movex.config.ts': config,
    'game.ts':
      'interface State { n: number }\n\nconst start: State | undefined = undefined;\nexport const first = start!.n;\nexport const game = (state: State = { n: 0 }): State => state;\n',
  });
  assert.match(text, /game\.ts:4(:\d+)?/);
});

it('a missing file: which import of which file', async (w) => {
  const text = await fails(w, {
    'movex.config.ts': config,
    'game.ts': "import { rules } from './rules';\n\nexport const game = (s = rules) => s;\n",
  });
  assert.match(text, /\.\/rules/);
  assert.match(text, /game\.ts/);
});

it('a missing package: which import of which file', async (w) => {
  const text = await fails(w, {
    'movex.config.ts': config,
    'game.ts': "import { Chess } from 'no-such-chess';\n\nexport const game = (s = new Chess().fen()) => s;\n",
  });
  assert.match(text, /no-such-chess/);
  assert.match(text, /game\.ts/);
});

it('a default export without resources is a sentence', async (w) => {
  const text = await fails(w, { 'movex.config.ts': 'export default { games: {} };\n' });
  assert.match(text, /resources/);
});

it('a resource that is no function is named', async (w) => {
  const text = await fails(w, { 'movex.config.ts': 'export default { resources: { oddity: 7 } };\n' });
  assert.match(text, /oddity/);
});

it('an error in a reducer: file and line of the source, and the server goes on', async (w) => {
  const app = await w.app({
    'movex.config.ts': config,
    'game.ts': `interface State {
  n: number;
}

type Action = { type: 'fail' } | { type: 'add' };

export const game = (state: State = { n: 0 }, action: Action): State => {
  if (action.type === 'fail') {
    throw new TypeError('the dice are loaded');
  }
  return action.type === 'add' ? { n: state.n + 1 } : state;
};
`,
  });
  const t = await w.table({ app: app.folder });
  const rid = await t.create('game', { n: 0 });
  const client = await t.raw();
  await client.ask('emitActionDispatch', { rid, action: { type: 'fail' } });
  await t.server.printed(/the dice are loaded/);
  await t.server.printed(/game\.ts:9(:\d+)?/);
  await client.dispatch(rid, { type: 'add' });
  assert.deepEqual((await client.state(rid))[0], { n: 1 });
});
