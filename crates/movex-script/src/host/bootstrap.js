// Evaluated once, before the app: what the engine lacks, and what would let a reducer see more than its arguments.
// `native` is the host. Everything that is used later is taken now, so that an app can't change it under us.
(function (native, env, strict) {
  'use strict';
  const { stringify } = JSON;
  const { defineProperty, getOwnPropertyNames, freeze, create } = Object;
  const { construct, apply } = Reflect;
  const RealDate = Date;
  const RealError = Error;
  const toText = String;
  const hide = (target, name, value) =>
    defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });

  // --- Stack traces ----------------------------------------------------------------------------------------------
  // The host reads them, and a long one is how it notices an overflow that the app has caught: see limits.rs.
  RealError.stackTraceLimit = 64;
  defineProperty(RealError, 'stackTraceLimit', { get: () => 64, set: () => {}, configurable: false });
  defineProperty(RealError, 'prepareStackTrace', { get: () => undefined, set: () => {}, configurable: false });

  // --- Chance and time -------------------------------------------------------------------------------------------
  const impure = (what, instead) => {
    if (strict) throw new RealError(`${what} is not allowed in a reducer: ${instead}`);
    if (native.isFirst(what)) native.warn(what, instead, new RealError().stack);
  };
  const NOW = "it gives the action's time, the same everywhere; take `context.requestAt`, the reducer's third argument";
  const CHANCE = "it gives the action's own chance, the same for everybody";
  const now = (what) => {
    impure(what, NOW);
    return native.now();
  };

  hide(Math, 'random', function random() {
    impure('Math.random()', CHANCE);
    return native.random();
  });

  // --- Date: UTC, and no clock of its own ------------------------------------------------------------------------
  const proto = RealDate.prototype;
  const local = create(null);
  for (const name of getOwnPropertyNames(proto)) local[name] = proto[name];
  const utc = RealDate.UTC;
  const realParse = RealDate.parse;
  // An offset counts only after a time or GMT: `1-2-2020` has none.
  const HAS_ZONE =
    /(?:(?:\d:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]m)?|gmt|utc)\s*[+-]\d{1,2}(?::?\d{2})?|\dz|\b(?:z|gmt|utc?|[ecmp][sd]t))\s*(?:\([^)]*\))?\s*$/i;
  const DATE_ONLY = /^\s*[+-]?\d{4,6}(?:-\d{2}(?:-\d{2})?)?\s*$/;
  const ISO_TIME = /^\s*[+-]?\d{4,6}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*$/;
  // A text without a zone would be read in the host's zone, so it gets one.
  const parse = (text) => {
    text = toText(text);
    const time = realParse(text);
    if (time !== time || DATE_ONLY.test(text) || HAS_ZONE.test(text)) return time;
    return realParse(ISO_TIME.test(text) ? `${text.trim().replace(' ', 'T')}Z` : `${text} GMT`);
  };
  const primitive = (value) => {
    if (value === null || typeof value !== 'object') return value;
    if (value instanceof RealDate) return apply(local.getTime, value, []);
    const convert = value[Symbol.toPrimitive];
    if (convert !== undefined && convert !== null) return apply(convert, value, ['default']);
    const plain = value.valueOf();
    return plain === null || typeof plain !== 'object' ? plain : toText(value);
  };
  function MovexDate(...parts) {
    if (new.target === undefined) return apply(proto.toString, new RealDate(now('Date()')), []);
    let time;
    if (parts.length === 0) time = now('new Date()');
    else if (parts.length > 1) time = apply(utc, undefined, parts);
    else {
      const value = primitive(parts[0]);
      time = typeof value === 'string' ? parse(value) : value;
    }
    return construct(RealDate, [time], new.target);
  }
  hide(MovexDate, 'now', function () {
    return now('Date.now()');
  });
  hide(MovexDate, 'parse', parse);
  hide(MovexDate, 'UTC', utc);
  defineProperty(MovexDate, 'name', { value: 'Date', configurable: true });
  defineProperty(MovexDate, 'length', { value: 7, configurable: true });
  defineProperty(MovexDate, 'prototype', { value: proto, writable: false, enumerable: false, configurable: false });
  hide(proto, 'constructor', MovexDate);
  hide(globalThis, 'Date', MovexDate);
  for (const part of ['FullYear', 'Month', 'Date', 'Hours', 'Minutes', 'Seconds', 'Milliseconds', 'Day']) {
    hide(proto, `get${part}`, local[`getUTC${part}`]);
    if (part !== 'Day') hide(proto, `set${part}`, local[`setUTC${part}`]);
  }
  const get = (date, part) => apply(local[`getUTC${part}`], date, []);
  const two = (number) => toText(number).padStart(2, '0');
  const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const year = (date) => {
    const number = get(date, 'FullYear');
    return number < 0 ? `-${toText(-number).padStart(6, '0')}` : toText(number).padStart(4, '0');
  };
  const writer = (write) =>
    function () {
      const time = apply(local.getTime, this, []);
      return time === time ? write(this) : 'Invalid Date';
    };
  const day = (date) => `${DAYS[get(date, 'Day')]} ${MONTHS[get(date, 'Month')]} ${two(get(date, 'Date'))} ${year(date)}`;
  const clock = (date) => `${two(get(date, 'Hours'))}:${two(get(date, 'Minutes'))}:${two(get(date, 'Seconds'))}`;
  const localDay = (date) => `${get(date, 'Month') + 1}/${get(date, 'Date')}/${get(date, 'FullYear')}`;
  const localClock = (date) => {
    const hours = get(date, 'Hours');
    return `${hours % 12 || 12}:${two(get(date, 'Minutes'))}:${two(get(date, 'Seconds'))} ${hours < 12 ? 'AM' : 'PM'}`;
  };
  hide(proto, 'toString', writer((date) => `${day(date)} ${clock(date)} GMT+0000 (Coordinated Universal Time)`));
  hide(proto, 'toDateString', writer(day));
  hide(proto, 'toTimeString', writer((date) => `${clock(date)} GMT+0000 (Coordinated Universal Time)`));
  hide(proto, 'toLocaleString', writer((date) => `${localDay(date)}, ${localClock(date)}`));
  hide(proto, 'toLocaleDateString', writer(localDay));
  hide(proto, 'toLocaleTimeString', writer(localClock));
  hide(proto, 'getTimezoneOffset', function () {
    const time = apply(local.getTime, this, []);
    return time === time ? 0 : NaN;
  });
  hide(proto, 'getYear', function () {
    return get(this, 'FullYear') - 1900;
  });
  hide(proto, 'setYear', function (number) {
    const full = Number(number);
    return apply(local.setUTCFullYear, this, [full >= 0 && full <= 99 ? 1900 + Math.trunc(full) : full]);
  });

  // --- What pages and Node have ----------------------------------------------------------------------------------
  hide(globalThis, 'performance', freeze({ timeOrigin: 0, now: () => now('performance.now()') }));
  const byte = () => Math.trunc(native.random() * 256);
  const crypto = {
    getRandomValues(array) {
      impure('crypto.getRandomValues()', CHANCE);
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      for (let at = 0; at < bytes.length; at += 1) bytes[at] = byte();
      return array;
    },
    randomUUID() {
      impure('crypto.randomUUID()', CHANCE);
      let text = '';
      for (let at = 0; at < 16; at += 1) {
        let value = byte();
        if (at === 6) value = (value & 0x0f) | 0x40;
        if (at === 8) value = (value & 0x3f) | 0x80;
        if (at === 4 || at === 6 || at === 8 || at === 10) text += '-';
        text += value.toString(16).padStart(2, '0');
      }
      return text;
    },
  };
  hide(globalThis, 'crypto', freeze(crypto));

  const processLike = { env: freeze({ ...env }), argv: freeze([]), platform: 'movex', cwd: () => '/' };
  processLike.nextTick = (run, ...args) => void Promise.resolve().then(() => run(...args));
  hide(globalThis, 'process', freeze(processLike));
  hide(globalThis, '__movexImportMeta', freeze({ url: 'movex:app', env: freeze({ ...env, MODE: env.NODE_ENV }) }));
  hide(globalThis, 'global', globalThis);

  const TypedArray = Object.getPrototypeOf(Uint8Array);
  const clone = (value, seen) => {
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new RealError(`structuredClone: ${typeof value === 'function' ? 'a function' : 'a symbol'} can't be copied`);
    }
    if (value === null || typeof value !== 'object') return value;
    if (seen.has(value)) return seen.get(value);
    const keep = (copy) => {
      seen.set(value, copy);
      return copy;
    };
    if (value instanceof RealDate) return keep(construct(RealDate, [apply(local.getTime, value, [])]));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer || value instanceof TypedArray) return keep(value.slice());
    if (value instanceof Map) {
      const copy = keep(new Map());
      for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = keep(new Set());
      for (const item of value) copy.add(clone(item, seen));
      return copy;
    }
    const copy = keep(Array.isArray(value) ? new Array(value.length) : value instanceof RealError ? new RealError(value.message) : {});
    for (const key of Object.keys(value)) {
      defineProperty(copy, key, { value: clone(value[key], seen), writable: true, enumerable: true, configurable: true });
    }
    return copy;
  };
  hide(globalThis, 'structuredClone', (value) => clone(value, new Map()));

  const absent = (name) =>
    hide(globalThis, name, function () {
      throw new RealError(
        `${name}() is not there in a reducer: the master folds actions one after another, and nothing may come from outside; dispatch an action when the answer is there`,
      );
    });
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame', 'fetch']) absent(name);
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate', 'cancelAnimationFrame']) {
    hide(globalThis, name, () => {});
  }
  // When these free or call depends on the collector, which no reducer may see.
  delete globalThis.WeakRef;
  delete globalThis.FinalizationRegistry;

  // --- Printing --------------------------------------------------------------------------------------------------
  const show = (value) => {
    if (typeof value === 'string') return value;
    try {
      if (value instanceof RealError) return toText(value.stack ? `${value}\n${value.stack}` : value);
      if (typeof value === 'object' && value !== null) return stringify(value) ?? toText(value);
      return typeof value === 'function' ? `[function ${value.name}]` : toText(value);
    } catch {
      return '[not printable]';
    }
  };
  const printer = (kind) =>
    function (...values) {
      // Half a surrogate pair can't leave the engine.
      native.print(kind, values.map(show).join(' ').toWellFormed(), new RealError().stack);
    };
  const quiet = () => {};
  const console = { assert: (ok, ...values) => { if (!ok) console.error('Assertion failed:', ...values); } };
  for (const [name, kind] of [['log', 0], ['debug', 0], ['trace', 0], ['dir', 0], ['table', 0], ['group', 0], ['info', 1], ['warn', 2], ['error', 3]]) {
    console[name] = printer(kind);
  }
  for (const name of ['groupCollapsed', 'groupEnd', 'time', 'timeEnd', 'timeLog', 'count', 'countReset', 'clear']) {
    console[name] = quiet;
  }
  hide(globalThis, 'console', console);
  return hide;
});
