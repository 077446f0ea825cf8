// The CommonJS modules of a bundle: functions that run when they are first required.
const modules = new Map();

export function define(id, targets, namespaces, faults, run) {
  modules.set(id, { run, targets, namespaces, faults, module: undefined });
}

export function load(id) {
  const entry = modules.get(id);
  if (entry.module === undefined) {
    const module = { exports: {}, id, filename: id, loaded: false, children: [], paths: [] };
    // Set before it runs: a cycle sees what is there so far, as in Node.
    entry.module = module;
    const require = (specifier) => {
      if (Object.hasOwn(entry.targets, specifier)) return load(entry.targets[specifier]);
      if (Object.hasOwn(entry.namespaces, specifier)) return asCommonJs(entry.namespaces[specifier]);
      const error = new Error(
        Object.hasOwn(entry.faults, specifier)
          ? entry.faults[specifier]
          : `require(${JSON.stringify(specifier)}) in ${id}: what it names must be known when the app is loaded, so write it as a string`,
      );
      error.code = 'MODULE_NOT_FOUND';
      throw error;
    };
    require.cache = {};
    try {
      entry.run.call(module.exports, module.exports, require, module, id, id.slice(0, Math.max(0, id.lastIndexOf('/'))));
    } catch (error) {
      entry.module = undefined;
      throw error;
    }
    module.loaded = true;
  }
  return entry.module.exports;
}

// What `require` gives for an ES module: its namespace, marked so that transpiled code finds the default.
function asCommonJs(namespace) {
  const copy = Object.create(null, { __esModule: { value: true } });
  for (const name of Object.keys(namespace)) {
    Object.defineProperty(copy, name, { enumerable: true, get: () => namespace[name] });
  }
  return copy;
}

// What `import x from` gives: transpiled ES modules say where their default is.
export function preferred(exports) {
  return exports !== null && exports !== undefined && exports.__esModule && 'default' in exports
    ? exports.default
    : exports;
}

// What `import * as x from` gives.
export function namespace(exports, preferredDefault) {
  const names = Object.create(null);
  if (exports !== null && (typeof exports === 'object' || typeof exports === 'function')) {
    for (const name of Object.keys(exports)) {
      if (name !== 'default') Object.defineProperty(names, name, { enumerable: true, get: () => exports[name] });
    }
  }
  Object.defineProperty(names, 'default', { enumerable: true, value: preferredDefault });
  return Object.freeze(names);
}
