// A reducer in which the order and the author of everything shows: whatever is
// folded twice, left out or folded in another place gives another state.

/** Refused by a view in which a line says what is forbidden: views differ in that. */
type Entry = { by: string; n: number; text: string; forbid?: string };
type State = { trace: string[]; hidden: Record<string, number>; digest: number; open: number };
type Action =
  | { type: 'say'; payload: Entry }
  | { type: 'hide'; payload: Entry }
  | { type: 'hidden'; payload: { by: string; n?: number } }
  | { type: 'open'; payload?: { n: number } };

export const initial: State = { trace: [], hidden: {}, digest: 7, open: 0 };

const mix = (digest: number, text: string): number => {
  let next = digest;
  for (let index = 0; index < text.length; index += 1) {
    next = (next * 31 + text.charCodeAt(index)) % 1_000_003;
  }
  return next;
};

const traced = (state: State, line: string): State => ({
  ...state,
  trace: [...state.trace, line].slice(-6),
  digest: mix(state.digest, line),
});

const allow = (state: State, forbid: string | undefined): void => {
  if (forbid !== undefined && state.trace.some((line) => line.includes(forbid))) {
    throw new Error('forbidden');
  }
};

export const history = (state: State = initial, action: Action): State => {
  switch (action.type) {
    case 'say': {
      const { by, n, text, forbid } = action.payload;
      allow(state, forbid);
      return traced(state, `${by} says ${n} ${text}`);
    }
    case 'hide': {
      const { by, n, text, forbid } = action.payload;
      allow(state, forbid);
      return {
        ...traced(state, `${by} hid ${n} ${text}`),
        hidden: { ...state.hidden, [by]: (state.hidden[by] ?? 0) + 1 },
      };
    }
    case 'hidden': {
      const { by } = action.payload;
      return {
        ...traced(state, `${by} hid something`),
        hidden: { ...state.hidden, [by]: (state.hidden[by] ?? 0) + 1 },
      };
    }
    case 'open':
      return { ...traced(state, 'opened'), hidden: {}, open: state.open + 1 };
    default:
      return state;
  }
};

/** When somebody has hidden three, or `open` cleared the table of secrets. */
history.$canReconcileState = (state: State): boolean =>
  Object.values(state.hidden).some((count) => count >= 3) || Object.keys(state.hidden).length === 0;

export default { resources: { history } };
