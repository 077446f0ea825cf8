// Reducers as they must not be, and a good one beside them.

type Action = { type: string; payload?: any };
type State = { count: number; note?: string };

const initial: State = { count: 0 };

const troubled = (state: State = initial, action: Action): any => {
  switch (action.type) {
    case 'increment':
      return { ...state, count: state.count + 1 };
    case 'throw':
      throw new Error('thrown on purpose');
    case 'throwNothing':
      throw undefined;
    case 'loop':
      for (;;) {}
    case 'recurse': {
      const dig = (depth: number): number => dig(depth + 1) + 1;
      return { ...state, count: dig(0) };
    }
    case 'eat': {
      const eaten: number[][] = [];
      for (;;) {
        eaten.push(new Array(100_000).fill(eaten.length));
      }
    }
    case 'mutate':
      state.count += 1;
      return state;
    case 'cycle': {
      const round: any = { ...state };
      round.self = round;
      return round;
    }
    case 'function':
      return () => state;
    case 'bigint':
      return { ...state, count: 10n };
    case 'promise':
      return Promise.resolve(state);
    case 'nothing':
      return undefined;
    default:
      return state;
  }
};

/** All three hooks of the state fail. */
const failingHooks = (state: State = initial, action: Action): State =>
  troubled(state, action);
failingHooks.$canReconcileState = (_state: State): boolean => {
  throw new Error('can not tell');
};
failingHooks.$transformState = (_state: State): State => {
  throw new Error('can not show');
};

/** Fails in a private action, or in the public half, as the payload says. */
const halves = (state: State = initial, action: Action): State => {
  if (action.payload?.fail) {
    throw new Error('this half fails');
  }
  return action.type === '_init' ? state : { ...state, count: state.count + 1 };
};

/** A private action that fails only in the fold of the reveal. */
type Void = { ready: number; known: string[]; blocked: boolean };
const voidInReveal = (
  state: Void = { ready: 0, known: [], blocked: false },
  action: Action
): Void => {
  switch (action.type) {
    case 'hide':
      if (state.known.length > 0) {
        throw new Error('somebody was first');
      }
      return { ...state, ready: state.ready + 1, known: [...state.known, action.payload] };
    case 'hidden':
      return { ...state, ready: state.ready + 1 };
    default:
      return state;
  }
};
voidInReveal.$canReconcileState = (state: Void): boolean => state.ready >= 2;

/** A secret that makes its author's own view fail at what others do. */
type Trapped = { says: string[]; hidden: number; trap: string | null; open: boolean };
const trapped = (
  state: Trapped = { says: [], hidden: 0, trap: null, open: false },
  action: Action
): Trapped => {
  switch (action.type) {
    case 'hide':
      return { ...state, hidden: state.hidden + 1, trap: action.payload };
    case 'hidden':
      return { ...state, hidden: state.hidden + 1 };
    case 'say':
      if (state.trap === 'throw') {
        throw new Error('the trap');
      }
      if (state.trap === 'loop') {
        for (;;) {}
      }
      if (state.trap === 'eat') {
        const eaten: string[] = [];
        for (;;) {
          eaten.push('x'.repeat(1_000_000) + eaten.length);
        }
      }
      if (state.trap === 'grow') {
        return { ...state, says: [...state.says, 'x'.repeat(50_000)] };
      }
      return { ...state, says: [...state.says, action.payload] };
    case 'open':
      return { ...state, open: true };
    default:
      return state;
  }
};
trapped.$canReconcileState = (state: Trapped): boolean => state.open;

export default { resources: { troubled, failingHooks, halves, voidInReveal, trapped } };
