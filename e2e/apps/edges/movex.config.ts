// What JSON drops or changes: reducers return it, and it must count the same
// on both sides.

type Action = { type: string; payload?: any };

class Card {
  constructor(
    readonly rank: number,
    readonly secretNote?: string
  ) {}
  get doubled() {
    return this.rank * 2;
  }
}

const shapes: Record<string, () => unknown> = {
  undefinedKey: () => ({ a: 1, gone: undefined, deep: { gone: undefined, b: [undefined, 1] } }),
  notANumber: () => ({ n: NaN, i: Infinity, m: -Infinity, z: -0 }),
  functions: () => ({ a: 1, f: () => 1, list: [() => 1, Symbol('s')] }),
  date: () => ({ at: new Date(86_400_000) }),
  toJson: () => ({ money: { toJSON: () => '12.50' } }),
  classInstance: () => ({ card: new Card(3) }),
  collections: () => ({ map: new Map([[1, 2]]), set: new Set([1]) }),
  boxed: () => ({ s: new String('boxed'), n: new Number(3), b: new Boolean(false) }),
  sparse: () => {
    const list: number[] = [];
    list[2] = 1;
    return { list };
  },
  inherited: () => Object.assign(Object.create({ inherited: 1 }), { own: 2 }),
  nullPrototype: () => Object.assign(Object.create(null), { a: 1 }),
  hiddenKey: () => Object.defineProperty({ a: 1 }, 'hidden', { value: 2, enumerable: false }),
  getter: () => ({
    get computed() {
      return 41 + 1;
    },
  }),
  shared: () => {
    const part = { x: 1 };
    return { one: part, two: part, list: [part, part] };
  },
  numericKeys: () => ({ 10: 'ten', 9: 'nine', b: 1, a: 2, '01': 3 }),
  strings: () => ({ q: '"\\\u2028\u0007', emoji: '😀', lone: 'ok' }),
};

const edge = (state: unknown = {}, action: Action): unknown =>
  Object.hasOwn(shapes, action.type) ? shapes[action.type]() : state;

export const names = Object.keys(shapes);
export default { resources: { edge } };
