// A secret whose reveal is caused by a plain action, not by a pair.

type State = { ready: number; open: boolean; secrets: Record<string, string> };
type Action =
  | { type: 'hide'; payload: { by: string; secret: string } }
  | { type: 'hidden' }
  | { type: 'open' };

const initial: State = { ready: 0, open: false, secrets: {} };

export const quietGame = (state: State = initial, action: Action): State => {
  switch (action.type) {
    case 'hide': {
      const { by, secret } = action.payload;
      return { ...state, ready: state.ready + 1, secrets: { ...state.secrets, [by]: secret } };
    }
    case 'hidden':
      return { ...state, ready: state.ready + 1 };
    case 'open':
      return { ...state, open: true };
    default:
      return state;
  }
};

quietGame.$canReconcileState = (state: State): boolean => state.open;
