// Runs npm's own movex-server on an app: `node reference-server.cjs FOLDER CONFIG`,
// FOLDER being where it is installed.

const path = require('node:path');
const { createRequire } = require('node:module');

const [folder, config] = process.argv.slice(2);
const requireThere = createRequire(path.join(path.resolve(folder), 'package.json'));

const { buildSync } = requireThere('esbuild');
const { outputFiles } = buildSync({
  entryPoints: [config],
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'node',
});
const app = { exports: {} };
new Function('module', 'exports', 'require', outputFiles[0].text)(app, app.exports, requireThere);

requireThere('movex-server').movexServer({}, app.exports.default);
