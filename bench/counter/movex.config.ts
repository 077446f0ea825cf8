type State = { value: number };
type Action = { type: 'increment'; payload?: number };

const counter = (state: State = { value: 0 }, action: Action): State =>
  action.type === 'increment' ? { ...state, value: state.value + 1 } : state;

export default { resources: { counter } };
