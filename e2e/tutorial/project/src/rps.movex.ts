// The secret game in the manner of the tutorial's: a submission is shown to
// the others as '$SECRET' until both are in.

import { Action, MovexClient } from 'movex-core-util';

export type Play = 'rock' | 'paper' | 'scissors';
export type Label = 'playerA' | 'playerB';
type Submission = { play: Play | '$SECRET' } | null;

export type RpsState = {
  players: Record<Label, MovexClient['id'] | null>;
  submissions: Record<Label, Submission>;
  winner: Play | '1/2' | null;
};

export type RpsActions =
  | Action<'addPlayer', { id: MovexClient['id']; playerLabel: Label }>
  | Action<'submit', { playerLabel: Label; rps: Play }>
  | Action<'setReadySubmission', { playerLabel: Label }>
  | Action<'playAgain'>;

export const initialRpsState: RpsState = {
  players: { playerA: null, playerB: null },
  submissions: { playerA: null, playerB: null },
  winner: null,
};

const strongerThan: Record<Play, Play> = {
  rock: 'paper',
  paper: 'scissors',
  scissors: 'rock',
};

const winnerOf = (a: Submission, b: Submission): RpsState['winner'] => {
  if (!a || !b || a.play === '$SECRET' || b.play === '$SECRET') {
    return null;
  }
  if (a.play === b.play) {
    return '1/2';
  }
  return strongerThan[a.play] === b.play ? b.play : a.play;
};

const reducer = (state: RpsState = initialRpsState, action: RpsActions): RpsState => {
  if (action.type === 'addPlayer') {
    const { id, playerLabel } = action.payload;
    return state.players[playerLabel] !== null
      ? state
      : { ...state, players: { ...state.players, [playerLabel]: id } };
  }
  if (action.type === 'playAgain') {
    return { ...state, submissions: initialRpsState.submissions, winner: null };
  }
  if (state.winner !== null) {
    return state;
  }
  if (action.type === 'submit') {
    const { playerLabel, rps } = action.payload;
    const submissions = { ...state.submissions, [playerLabel]: { play: rps } };
    return {
      ...state,
      submissions,
      winner: winnerOf(submissions.playerA, submissions.playerB),
    };
  }
  if (action.type === 'setReadySubmission') {
    const { playerLabel } = action.payload;
    return {
      ...state,
      submissions: { ...state.submissions, [playerLabel]: { play: '$SECRET' } },
    };
  }
  return state;
};

reducer.$canReconcileState = (state: RpsState) =>
  state.submissions.playerA !== null && state.submissions.playerB !== null;

export default reducer;
