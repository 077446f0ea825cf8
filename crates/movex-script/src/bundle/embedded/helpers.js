// What the compiler calls for decorators (TypeScript's `experimentalDecorators`).
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
