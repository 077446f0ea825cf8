// What the compiler calls: decorators (TypeScript's `experimentalDecorators`), class fields that are assigned
// (`useDefineForClassFields: false`), and `using`.
export function decorate(decorators, target, key, descriptor) {
  const own = arguments.length < 3 ? target : descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : descriptor;
  let result = own;
  for (let at = decorators.length - 1; at >= 0; at -= 1) {
    const decorator = decorators[at];
    if (!decorator) continue;
    const next =
      arguments.length < 3 ? decorator(result) : arguments.length > 3 ? decorator(target, key, result) : decorator(target, key);
    result = next || result;
  }
  if (arguments.length > 3 && result) Object.defineProperty(target, key, result);
  return result;
}
export const decorateParam = (index, decorator) => (target, key) => decorator(target, key, index);
export const decorateMetadata = (key, value) =>
  typeof Reflect.metadata === 'function' ? Reflect.metadata(key, value) : undefined;
export const defineProperty = (target, key, value) =>
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });

export function assertClassBrand(brand, target, value) {
  if (typeof brand === 'function' ? brand === target : brand.has(target)) return arguments.length < 3 ? target : value;
  throw new TypeError('the object has no such private member');
}
const declare = (members, target) => {
  if (members.has(target)) throw new TypeError('the object has that private member already');
};
export const classPrivateFieldInitSpec = (target, fields, value) => {
  declare(fields, target);
  fields.set(target, value);
};
export const classPrivateMethodInitSpec = (target, brands) => {
  declare(brands, target);
  brands.add(target);
};
export const classPrivateFieldGet2 = (fields, target) => fields.get(assertClassBrand(fields, target));
export const classPrivateFieldSet2 = (fields, target, value) => {
  fields.set(assertClassBrand(fields, target), value);
  return value;
};
export const superPropGet = (home, key, receiver, flags) => {
  const value = Reflect.get(Object.getPrototypeOf(flags & 1 ? home.prototype : home), key, receiver);
  return flags & 2 && typeof value === 'function' ? (args) => value.apply(receiver, args) : value;
};
export const superPropSet = (home, key, value, receiver, isStrict, ofPrototype) => {
  const done = Reflect.set(Object.getPrototypeOf(ofPrototype ? home.prototype : home), key, value, receiver);
  if (!done && isStrict) throw new TypeError(`${String(key)} can't be set`);
  return value;
};
export const checkInRHS = (value) => {
  if (Object(value) !== value) throw new TypeError('right-hand side of `in` is no object');
  return value;
};
export const toSetter = (set, args, receiver) => {
  const at = args.length;
  return Object.defineProperty({}, '_', {
    set(value) {
      set.apply(receiver, [...args.slice(0, at), value]);
    },
  });
};
export const readOnlyError = (name) => {
  throw new TypeError(`${name} can't be assigned to`);
};
export const writeOnlyError = (name) => {
  throw new TypeError(`${name} can't be read`);
};

// `using`: what was opened is disposed of in reverse order, whatever threw.
export function usingCtx() {
  const none = {};
  const opened = [];
  const open = (isAsync, value) => {
    if (value === null || value === undefined) return value;
    const asyncDispose = isAsync ? value[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')] : undefined;
    const dispose = asyncDispose ?? value[Symbol.dispose ?? Symbol.for('Symbol.dispose')];
    if (typeof dispose !== 'function') throw new TypeError('`using` needs an object with [Symbol.dispose]');
    opened.push({ value, dispose, isAsync });
    return value;
  };
  return {
    e: none,
    u: (value) => open(false, value),
    a: (value) => open(true, value),
    d() {
      let error = this.e;
      const failed = (next) => {
        error = error === none ? next : Object.assign(new Error('an error was followed by another'), { error: next, suppressed: error });
      };
      const step = () => {
        while (opened.length > 0) {
          const { value, dispose, isAsync } = opened.pop();
          try {
            const result = dispose.call(value);
            if (isAsync) return Promise.resolve(result).then(step, (next) => (failed(next), step()));
          } catch (next) {
            failed(next);
          }
        }
        if (error !== none) throw error;
        return undefined;
      };
      return step();
    },
  };
}
