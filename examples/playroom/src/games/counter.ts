export type CounterState = {
  value: number;
  lastBy: string | null;
};

export type CounterAction =
  | { type: 'add'; payload: { amount: number; by: string } }
  | { type: 'reset'; payload: { by: string } };

export const initialCounter: CounterState = { value: 0, lastBy: null };

export const counter = (
  state: CounterState = initialCounter,
  action: CounterAction
): CounterState => {
  switch (action.type) {
    case 'add':
      return {
        value: state.value + action.payload.amount,
        lastBy: action.payload.by,
      };
    case 'reset':
      return { value: 0, lastBy: action.payload.by };
    default:
      return state;
  }
};
