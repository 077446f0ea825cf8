// Rock, paper, scissors with hidden hands.
//
// A hand is a pair of actions: `choose` is private and goes to the author
// alone, `ready` is what everybody else sees in its place. When both seats are
// ready the master reveals the hands to all.

export const HANDS = ['rock', 'paper', 'scissors'] as const;
export type Hand = (typeof HANDS)[number];
export type Seat = 'left' | 'right';
export type Player = { id: string; name: string };
export type Outcome = Seat | 'draw';

/** `hand` is null while it is hidden from the viewer, or not chosen. */
export type Choice = { ready: boolean; hand: Hand | null };

export type PlayedRound = {
  round: number;
  left: Hand;
  right: Hand;
  outcome: Outcome;
};

export type RpsState = {
  seats: Record<Seat, Player | null>;
  round: number;
  choices: Record<Seat, Choice>;
  /** Set once both hands are known. */
  outcome: Outcome | null;
  score: Record<Seat, number>;
  history: PlayedRound[];
};

export type RpsAction =
  | { type: 'sit'; payload: { seat: Seat; player: Player } }
  | { type: 'stand'; payload: { seat: Seat; playerId: string } }
  | { type: 'choose'; payload: { seat: Seat; round: number; hand: Hand } }
  | { type: 'ready'; payload: { seat: Seat; round: number } }
  | { type: 'nextRound'; payload: { after: number } }
  | { type: 'newMatch'; payload: { after: number } };

export const WINS_NEEDED = 3;

const BEATS: Record<Hand, Hand> = {
  rock: 'scissors',
  paper: 'rock',
  scissors: 'paper',
};

const noChoices: RpsState['choices'] = {
  left: { ready: false, hand: null },
  right: { ready: false, hand: null },
};

export const initialRps: RpsState = {
  seats: { left: null, right: null },
  round: 1,
  choices: noChoices,
  outcome: null,
  score: { left: 0, right: 0 },
  history: [],
};

export const matchWinner = (state: RpsState): Seat | null => {
  if (state.score.left >= WINS_NEEDED) return 'left';
  if (state.score.right >= WINS_NEEDED) return 'right';
  return null;
};

export const otherSeat = (seat: Seat): Seat =>
  seat === 'left' ? 'right' : 'left';

const judge = (left: Hand, right: Hand): Outcome => {
  if (left === right) return 'draw';
  return BEATS[left] === right ? 'left' : 'right';
};

const settle = (state: RpsState): RpsState => {
  const left = state.choices.left.hand;
  const right = state.choices.right.hand;
  if (left === null || right === null || state.outcome !== null) {
    return state;
  }
  const outcome = judge(left, right);
  return {
    ...state,
    outcome,
    score:
      outcome === 'draw'
        ? state.score
        : { ...state.score, [outcome]: state.score[outcome] + 1 },
    history: [...state.history, { round: state.round, left, right, outcome }],
  };
};

// The round's number moves on with every clearing, so a hand that was chosen
// for an earlier round can't count in a later one.
const clearTable = (state: RpsState): RpsState => ({
  ...state,
  round: state.round + 1,
  choices: noChoices,
  outcome: null,
});

const newMatch = (state: RpsState): RpsState => ({
  ...clearTable(state),
  score: { left: 0, right: 0 },
  history: [],
});

export const rps = (
  state: RpsState = initialRps,
  action: RpsAction
): RpsState => {
  switch (action.type) {
    case 'sit': {
      const { seat, player } = action.payload;
      const opponent = state.seats[otherSeat(seat)];
      if (state.seats[seat] !== null || opponent?.id === player.id) {
        return state;
      }
      return { ...state, seats: { ...state.seats, [seat]: player } };
    }

    case 'stand': {
      const { seat, playerId } = action.payload;
      if (state.seats[seat]?.id !== playerId) {
        return state;
      }
      return newMatch({ ...state, seats: { ...state.seats, [seat]: null } });
    }

    case 'ready': {
      const { seat, round } = action.payload;
      if (round !== state.round || state.choices[seat].ready) {
        return state;
      }
      return {
        ...state,
        choices: {
          ...state.choices,
          [seat]: { ...state.choices[seat], ready: true },
        },
      };
    }

    case 'choose': {
      const { seat, round, hand } = action.payload;
      const known = state.choices[seat].hand;
      if (round !== state.round || (known !== null && known !== hand)) {
        return state;
      }
      // Does what `ready` does as well: it stands in its place, not on top of
      // it. And it may come when the seat is ready but its hand is unknown,
      // which is how a reveal reaches the other players.
      return settle({
        ...state,
        choices: { ...state.choices, [seat]: { ready: true, hand } },
      });
    }

    case 'nextRound':
      // Both players may press the button; the second press is stale.
      return state.outcome !== null &&
        action.payload.after === state.round &&
        matchWinner(state) === null
        ? clearTable(state)
        : state;

    case 'newMatch':
      return action.payload.after === state.round && matchWinner(state) !== null
        ? newMatch(state)
        : state;

    default:
      return state;
  }
};

rps.$canReconcileState = (state: RpsState): boolean =>
  state.choices.left.ready &&
  state.choices.right.ready &&
  state.outcome === null;
