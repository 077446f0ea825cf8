// Rock, paper, scissors where a player may change the hand until both are in.

type Hand = 'rock' | 'paper' | 'scissors';
type Seat = 'a' | 'b';
type State = {
  round: number;
  ready: Record<Seat, boolean>;
  hands: Record<Seat, Hand | null>;
  winner: Seat | 'draw' | null;
};
type Action =
  | { type: 'play'; payload: { seat: Seat; hand: Hand } }
  | { type: 'setReady'; payload: { seat: Seat } }
  | { type: 'nextRound' };

const beats: Record<Hand, Hand> = { rock: 'scissors', paper: 'rock', scissors: 'paper' };

const initial: State = {
  round: 1,
  ready: { a: false, b: false },
  hands: { a: null, b: null },
  winner: null,
};

const judged = (state: State): State => {
  const { a, b } = state.hands;
  if (a === null || b === null) {
    return { ...state, winner: null };
  }
  return { ...state, winner: a === b ? 'draw' : beats[a] === b ? 'a' : 'b' };
};

export const rps = (state: State = initial, action: Action): State => {
  switch (action.type) {
    case 'play': {
      const { seat, hand } = action.payload;
      return judged({
        ...state,
        ready: { ...state.ready, [seat]: true },
        hands: { ...state.hands, [seat]: hand },
      });
    }
    case 'setReady':
      return { ...state, ready: { ...state.ready, [action.payload.seat]: true } };
    case 'nextRound':
      return { ...initial, round: state.round + 1 };
    default:
      return state;
  }
};

rps.$canReconcileState = (state: State): boolean =>
  state.ready.a && state.ready.b && state.winner === null;
