type State = {
  status: 'waiting' | 'inProgress' | 'completed';
  players: string[];
  playersMax: number;
  winner: string | null;
};
type Action =
  | { type: 'join'; payload: string }
  | { type: 'start' }
  | { type: 'end'; payload: { winner: string } };

const initial: State = { status: 'waiting', players: [], playersMax: 2, winner: null };

export const match = (state: State = initial, action: Action): State => {
  switch (action.type) {
    case 'join':
      return state.status !== 'waiting' ||
        state.players.length >= state.playersMax ||
        state.players.includes(action.payload)
        ? state
        : { ...state, players: [...state.players, action.payload] };
    case 'start':
      return state.status === 'waiting' && state.players.length === state.playersMax
        ? { ...state, status: 'inProgress' }
        : state;
    case 'end':
      return state.status === 'inProgress'
        ? { ...state, status: 'completed', winner: action.payload.winner }
        : state;
    default:
      return state;
  }
};
