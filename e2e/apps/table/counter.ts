type State = { count: number };
type Action =
  | { type: 'increment' }
  | { type: 'add'; payload: number }
  | { type: 'set'; payload: number };

export const counter = (state: State = { count: 0 }, action: Action): State => {
  switch (action.type) {
    case 'increment':
      return { ...state, count: state.count + 1 };
    case 'add':
      return { ...state, count: state.count + action.payload };
    case 'set':
      return { ...state, count: action.payload };
    default:
      return state;
  }
};
