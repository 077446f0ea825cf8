// What npm movex-core-util 0.1.6 exports and a reducer may use: its pure functions, with the same results.

export const objectKeys = (o) => Object.keys(o);
export const invoke = (fn) => fn();
export const noop = () => {};
export const keyInObject = (obj, prop) => prop in obj;
export const isObject = (o) => typeof o === 'object' && !Array.isArray(o) && o !== null;
export const isFunction = (x) => typeof x === 'function';

const objectFilter = (o, keep) => {
  const next = {};
  for (const key of Object.keys(o)) {
    if (keep(key)) next[key] = o[key];
  }
  return next;
};
export const objectOmit = (o, keys) => objectFilter(o, (key) => !keys.includes(key));
export const objectPick = (o, keys) => objectFilter(o, (key) => keys.includes(key));

export const toResourceIdentifierObj = (rid) => {
  if (typeof rid !== 'string') return rid;
  const colon = rid.indexOf(':');
  return { resourceType: rid.slice(0, colon), resourceId: rid.slice(colon + 1) };
};
export const toResourceIdentifierStr = (rid) =>
  typeof rid === 'string' ? rid : `${rid.resourceType}:${rid.resourceId}`;
const filled = (x) => typeof x === 'string' && x.length > 0;
export const isResourceIdentifier = (rid) => {
  if (typeof rid === 'string') return isResourceIdentifier(toResourceIdentifierObj(rid));
  return isObject(rid) && filled(rid.resourceType) && filled(rid.resourceId);
};
export const isSameResourceIdentifier = (a, b) => toResourceIdentifierStr(a) === toResourceIdentifierStr(b);
export const isResourceIdentifierOfType = (type, rid) =>
  isResourceIdentifier(rid) && toResourceIdentifierObj(rid).resourceType === type;
export const toWsResponseResultPayloadOk = (val) => ({ ok: true, err: false, val });
export const toWsResponseResultPayloadErr = (val) => ({ ok: false, err: true, val });

export function createAction(type, payload) {
  const action = { type };
  if (payload !== undefined) action.payload = payload;
  if (payload instanceof Error) action.error = true;
  return action;
}
export function createActionCreator(type, executor = (resolve) => () => resolve()) {
  return Object.assign(
    executor((payload) => createAction(type, payload)),
    { type, toString: () => type },
  );
}
export const isAction = (a) => isObject(a) && 'type' in a;
export const isMasterAction = (a) => isAction(a) && '_isMaster' in a && a._isMaster === true;
export const toMasterAction = (action) => ({ ...action, _isMaster: true });
export const toMasterActionFromActionOrTuple = (action) =>
  isAction(action) ? toMasterAction(action) : [toMasterAction(action[0]), toMasterAction(action[1])];

export const MovexMasterContextMap = { requestAt: '$rqstAt$' };
export const masterContextQuery = { requestAt: () => MovexMasterContextMap.requestAt };
export const localMasterContextQuery = { requestAt: () => new Date().getTime() };
export const toMasterContext = (context) => ({ ...context });

const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const next = {};
  for (const key of Object.keys(value).sort()) next[key] = sorted(value[key]);
  return next;
};
export const computeCheckedState = (state) => [state, state === undefined ? '' : checksum(state)];
const checksum = (state) => {
  if (Array.isArray(state)) return md5(JSON.stringify(state));
  return md5(isObject(state) ? JSON.stringify(sorted(state)) : String(state));
};
export const checkedStateEquals = (a, b) => a[0] === b[0] || a[1] === b[1];

const utf8 = (text) => {
  const bytes = [];
  for (const character of text) {
    const point = character.codePointAt(0);
    if (point >= 0xd800 && point <= 0xdfff) throw new URIError('malformed URI sequence');
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else {
      bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    }
  }
  return bytes;
};
const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const SINES = Array.from({ length: 64 }, (_, at) => Math.floor(Math.abs(Math.sin(at + 1)) * 0x100000000) | 0);
// RFC 1321.
function md5(text) {
  const bytes = utf8(text);
  const bits = bytes.length * 8;
  bytes.push(0x80);
  while (bytes.length % 64 !== 56) bytes.push(0);
  for (let at = 0; at < 8; at += 1) bytes.push(Math.floor(bits / 2 ** (8 * at)) & 255);
  const hash = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < bytes.length; block += 64) {
    let [a, b, c, d] = hash;
    for (let at = 0; at < 64; at += 1) {
      const round = at >> 4;
      const [mix, word] = [
        [(b & c) | (~b & d), at],
        [(d & b) | (~d & c), 5 * at + 1],
        [b ^ c ^ d, 3 * at + 5],
        [c ^ (b | ~d), 7 * at],
      ][round];
      const from = block + (word % 16) * 4;
      const input = bytes[from] | (bytes[from + 1] << 8) | (bytes[from + 2] << 16) | (bytes[from + 3] << 24);
      const sum = (a + mix + SINES[at] + input) | 0;
      const by = SHIFTS[round][at % 4];
      [a, b, c, d] = [d, (b + ((sum << by) | (sum >>> (32 - by)))) | 0, b, c];
    }
    hash[0] = (hash[0] + a) | 0;
    hash[1] = (hash[1] + b) | 0;
    hash[2] = (hash[2] + c) | 0;
    hash[3] = (hash[3] + d) | 0;
  }
  let hex = '';
  for (const word of hash) {
    for (let at = 0; at < 4; at += 1) hex += ((word >>> (8 * at)) & 255).toString(16).padStart(2, '0');
  }
  return hex;
}

const silent = { prefix: '', onLog: () => noop, withNamespace: () => silent, hasGroupOpen: () => false };
for (const method of ['log', 'info', 'warn', 'error', 'debug', 'group', 'groupEnd', 'openGroup', 'closeGroup']) {
  silent[method] = noop;
}
export const globalLogsy = silent;
