// Apps as they are in production: what the npm tools load, ours loads.

import assert from 'node:assert/strict';
import { it } from '../support/own-server.js';

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
