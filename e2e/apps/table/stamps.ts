// Keeps whatever times it is given: for master actions.

type State = { last: unknown; all: unknown[] };
type Action = { type: 'stamp'; payload: unknown } | { type: 'stamped'; payload?: unknown };

export const stamps = (state: State = { last: null, all: [] }, action: Action): State => {
  switch (action.type) {
    case 'stamp':
    case 'stamped':
      return { last: action.payload ?? null, all: [...state.all, action.payload ?? null] };
    default:
      return state;
  }
};
