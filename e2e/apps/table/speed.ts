// Games against the clock: what a state looks like depends on when it is looked at.

type Context = { requestAt: number };

type SpeedState = { status: 'ongoing' | 'completed'; endsAt: number; taps: number; note: string };
type SpeedAction =
  | { type: 'tap' }
  | { type: 'note'; payload: string }
  | { type: 'setEnd'; payload: number };

export const speed = (
  state: SpeedState = { status: 'ongoing', endsAt: 0, taps: 0, note: '' },
  action: SpeedAction
): SpeedState => {
  switch (action.type) {
    case 'tap':
      return state.status === 'ongoing' ? { ...state, taps: state.taps + 1 } : state;
    case 'note':
      return { ...state, note: action.payload };
    case 'setEnd':
      return { ...state, endsAt: action.payload };
    default:
      return state;
  }
};

speed.$transformState = (state: SpeedState, context: Context): SpeedState =>
  state.status === 'ongoing' && context.requestAt >= state.endsAt
    ? { ...state, status: 'completed' }
    : state;

type BlitzState = {
  status: 'idle' | 'running' | 'completed';
  lastMoveAt: number | null;
  timeLeftMs: number;
};
type BlitzAction = { type: 'move'; payload: { at: number } };

/** Each move takes the time since the last one off the clock. */
export const blitz = (
  state: BlitzState = { status: 'idle', lastMoveAt: null, timeLeftMs: 60_000 },
  action: BlitzAction
): BlitzState => {
  if (action.type !== 'move' || state.status === 'completed') {
    return state;
  }
  const { at } = action.payload;
  const spent = state.lastMoveAt === null ? 0 : at - state.lastMoveAt;
  return {
    status: 'running',
    lastMoveAt: at,
    timeLeftMs: Math.max(0, state.timeLeftMs - spent),
  };
};

blitz.$transformState = (state: BlitzState, context: Context): BlitzState =>
  state.status === 'running' &&
  state.lastMoveAt !== null &&
  context.requestAt - state.lastMoveAt >= state.timeLeftMs
    ? { ...state, status: 'completed', timeLeftMs: 0 }
    : state;
