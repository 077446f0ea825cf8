// Two colours hand in their moves in secret; the public half says that they did.

type Color = 'white' | 'black';
type State = {
  status: Record<Color, 'thinking' | 'submitted'>;
  moves: Record<Color, string[]>;
};
type Action =
  | { type: 'submit'; payload: { color: Color; moves: string[] } }
  | { type: 'setReadySubmission'; payload: { color: Color } };

const initial: State = {
  status: { white: 'thinking', black: 'thinking' },
  moves: { white: [], black: [] },
};

/** Nothing is ever revealed. */
export const moves = (state: State = initial, action: Action): State => {
  switch (action.type) {
    case 'submit': {
      const { color, moves: submitted } = action.payload;
      return {
        status: { ...state.status, [color]: 'submitted' },
        moves: { ...state.moves, [color]: submitted },
      };
    }
    case 'setReadySubmission':
      return { ...state, status: { ...state.status, [action.payload.color]: 'submitted' } };
    default:
      return state;
  }
};

/** Revealed when both colours have submitted. */
export const movesWithReveal = (state: State = initial, action: Action): State =>
  moves(state, action);

movesWithReveal.$canReconcileState = (state: State): boolean =>
  state.status.white === 'submitted' && state.status.black === 'submitted';
