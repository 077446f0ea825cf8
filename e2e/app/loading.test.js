// Apps as they are in production: what the npm tools load, ours loads.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';
import { within } from '../support/until.js';

/** Serves these files and gives the state after one `{ type: 'look' }`. */
const looks = async (w, files, options = {}) => {
  const app = await w.app(files);
  const t = await w.table({ app: options.at ? `${app.folder}/${options.at}` : app.folder, ...options });
  const rid = await t.create('it', null);
  const client = await t.raw();
  const ack = await client.dispatch(rid, { type: 'look' });
  const [state] = await client.state(rid);
  assert.notEqual(state, null, `${JSON.stringify(ack)}\n${t.server.output}`);
  return state;
};
const reducer = (expression) =>
  `(state: unknown = null, action: { type: string }): unknown => action.type === 'look' ? (${expression}) : state`;

it('relative imports, JSON, enums, type-only imports', async (w) => {
  const state = await looks(w, {
    'movex.config.ts': `
      import type { Shape } from './shape';
      import { type Other, area } from './area/index';
      import words from './words.json';
      enum Color { Red, Green = 'green' }
      const enum Size { Small = 1 }
      const shape: Shape & Other = { side: 3 };
      export default { resources: { it: ${reducer('{ area: area(shape), words, color: Color[0], green: Color.Green, size: Size.Small }')} } };`,
    'shape.ts': 'export type Shape = { side: number };',
    'area/index.ts': "import type { Shape } from '../shape';\nexport type Other = object;\nexport const area = ({ side }: Shape) => side ** 2;",
    'words.json': '{"hello":["wörld"]}',
  });
  assert.deepEqual(state, { area: 9, words: { hello: ['wörld'] }, color: 'Red', green: 'green', size: 1 });
});

for (const extension of ['js', 'mjs']) {
  it(`a config in plain JavaScript: .${extension}`, async (w) => {
    const state = await looks(w, {
      'package.json': '{"type":"module"}',
      [`movex.config.${extension}`]:
        "export default { resources: { it: (s = null, a) => a.type === 'look' ? { plain: true } : s } };",
    });
    assert.deepEqual(state, { plain: true });
  });
}

it('aliases of tsconfig: paths, baseUrl, extends', async (w) => {
  const state = await looks(
    w,
    {
      'tsconfig.base.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "@rules/*": ["libs/rules/*"] } } }',
      'app/tsconfig.json': '{ // a comment, as people write them\n "extends": "../tsconfig.base.json" }',
      'app/movex.config.ts': `import { win } from '@rules/win';\nexport default { resources: { it: ${reducer('win')} } };`,
      'libs/rules/win.ts': 'export const win: string = "by three";',
    },
    { at: 'app' }
  );
  assert.equal(state, 'by three');
});

it('packages of the app: ESM, CommonJS, exports, a subpath', async (w) => {
  const state = await looks(w, {
    'movex.config.ts': `
      import esm from 'esm-dice';
      import { sides } from 'esm-dice/sides';
      import cjs, { named } from 'cjs-dice';
      export default { resources: { it: ${reducer('{ esm, sides, cjs: cjs.named, named }')} } };`,
    'node_modules/esm-dice/package.json':
      '{"name":"esm-dice","type":"module","exports":{".":{"import":"./index.js"},"./sides":"./lib/sides.js"}}',
    'node_modules/esm-dice/index.js': "export default 'rolled';",
    'node_modules/esm-dice/lib/sides.js': 'export const sides = 6;',
    'node_modules/cjs-dice/package.json': '{"name":"cjs-dice","main":"./main.js"}',
    'node_modules/cjs-dice/main.js':
      "'use strict';\nconst part = require('./part');\nexports.named = part.value + (typeof module.exports);",
    'node_modules/cjs-dice/part.js': "module.exports = { value: 'cjs ' };",
  });
  assert.deepEqual(state, { esm: 'rolled', sides: 6, cjs: 'cjs object', named: 'cjs object' });
});

it('the pure helpers of movex and movex-core-util, without their sockets', async (w) => {
  const state = await looks(w, {
    'movex.config.ts': `
      import type { MovexReducer } from 'movex-core-util';
      import { toResourceIdentifierObj, toResourceIdentifierStr, isAction } from 'movex-core-util';
      export default { resources: { it: ${reducer("{ obj: toResourceIdentifierObj('a:b'), str: toResourceIdentifierStr({ resourceType: 'a', resourceId: 'b' }), is: isAction({ type: 'x' }), isNot: isAction([{ type: 'x' }] as any) }")} } };`,
    'package.json': '{"dependencies":{"movex-core-util":"0.1.6"}}',
  });
  assert.deepEqual(state, {
    obj: { resourceType: 'a', resourceId: 'b' },
    str: 'a:b',
    is: true,
    isNot: false,
  });
});

it('process.env: only NODE_ENV and the names that the operator passes', async (w) => {
  const env = { PASSED: 'yes', HIDDEN_TOKEN: 'top-secret' };
  const state = await looks(
    w,
    {
      'movex.config.ts': `
        const seen = { passed: process.env.PASSED ?? null, hidden: process.env.HIDDEN_TOKEN ?? null, node: typeof process.env.NODE_ENV };
        export default { resources: { it: ${reducer('seen')} } };`,
    },
    { args: ['--env', 'PASSED'], env }
  );
  assert.deepEqual(state, { passed: 'yes', hidden: null, node: 'string' });
});

it('what a browser has is missed only when it is called', async (w) => {
  const state = await looks(w, {
    'movex.config.ts': `
      export const later = () => fetch(window.location.href).then(() => localStorage.clear());
      export default { resources: { it: ${reducer("'never called'")} } };`,
  });
  assert.equal(state, 'never called');
});

const decorated = `
  const names: string[] = [];
  const named = (_prototype: any, key: string): void => void names.push(key);
  class Rules {
    @named
    win() { return 'won'; }
  }
  export default { resources: { it: ${reducer('{ names, win: new Rules().win() }')} } };`;

it('decorators, switched on in tsconfig', async (w) => {
  const state = await looks(w, {
    'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
    'movex.config.ts': decorated,
  });
  assert.deepEqual(state, { names: ['win'], win: 'won' });
});

it('decorators, switched off: the sentence names the option', async (w) => {
  const app = await w.app({ 'movex.config.ts': decorated });
  const server = w.launch(['serve', '--path', `${app.folder}/movex.config.ts`, '--port', '0']);
  const { code } = await within(server.ended, 'it gives up');
  assert.notEqual(code, 0);
  assert.match(server.stderr, /experimentalDecorators/);
  assert.match(server.stderr, /movex\.config\.ts:5/);
});

it('what only Node has: which import of which file', async (w) => {
  const app = await w.app({
    'movex.config.ts': "import { rules } from './rules';\nexport default { resources: { it: (s = rules) => s } };\n",
    'rules.ts': "import { readFileSync } from 'node:fs';\nexport const rules = readFileSync('/etc/hostname', 'utf8');\n",
  });
  const server = w.launch(['serve', '--path', `${app.folder}/movex.config.ts`, '--port', '0']);
  const { code } = await within(server.ended, 'it gives up');
  assert.notEqual(code, 0);
  assert.match(server.stderr, /node:fs/);
  assert.match(server.stderr, /rules\.ts/);
});

it('classes, generators, regular expressions, big numbers, maps: the language itself', async (w) => {
  const state = await looks(w, {
    'movex.config.ts': `
      class Board { #cells = new Map([['a', 1]]); static size = 3; get(key: string) { return this.#cells.get(key) ?? 0; } }
      function* count() { yield 1; yield 2; }
      const found = 'Ab-12'.match(/(?<letters>[a-z]+)-(?<digits>\\d+)/iu);
      const value = { board: new Board().get('a'), size: Board.size, count: [...count()], groups: { ...found?.groups },
        big: String(2n ** 70n), at: [1, 2, 3].at(-1), flat: [[1], [2]].flat(), last: [1, 2].findLast((n) => n < 2),
        sorted: [3, 1, 2].toSorted(), entries: Object.fromEntries(new Map([['x', 1]])), coalesced: null ?? 'yes',
        replaced: 'a-a'.replaceAll('a', 'b'), clone: structuredClone({ a: [1] }) };
      export default { resources: { it: ${reducer('value')} } };`,
  });
  assert.deepEqual(state, {
    board: 1,
    size: 3,
    count: [1, 2],
    groups: { letters: 'Ab', digits: '12' },
    big: '1180591620717411303424',
    at: 3,
    flat: [1, 2],
    last: 1,
    sorted: [1, 2, 3],
    entries: { x: 1 },
    coalesced: 'yes',
    replaced: 'b-b',
    clone: { a: [1] },
  });
});
