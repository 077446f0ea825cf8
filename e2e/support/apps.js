// The fixture apps under apps/: the server loads their files, and the npm
// clients of the tests need the same reducers in this process.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const appsFolder = fileURLToPath(new URL('../apps/', import.meta.url));

/** The config file of a fixture app, by the app's name or any absolute path. */
export const configOf = (app) => {
  const folder = path.isAbsolute(app) ? app : path.join(appsFolder, app);
  for (const name of ['movex.config.ts', 'movex.config.js', 'movex.config.mjs']) {
    const file = path.join(folder, name);
    if (existsSync(file)) {
      return file;
    }
  }
  throw new Error(`no movex.config.* in ${folder}`);
};

/** The app's `{ resources }`, as a browser bundle would see it. */
export const loadDefinition = async (app) => {
  const { outputFiles } = await build({
    entryPoints: [configOf(app)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  const module = await import(`data:text/javascript;base64,${source}`);
  return module.default;
};
