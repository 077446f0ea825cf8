import { type RpsState, type Seat, WINS_NEEDED } from '../games/rps';
import { Avatar } from './Avatar';
import { HandIcon } from './HandIcon';

type Props = {
  seat: Seat;
  state: RpsState;
  mine: Seat | null;
  present: boolean;
  onSit: () => void;
  onFree: () => void;
};

export const RpsSeat = ({ seat, state, mine, present, onSit, onFree }: Props) => {
  const player = state.seats[seat];
  const { ready, hand } = state.choices[seat];

  if (!player) {
    return (
      <div className="seat vacant">
        {mine === null ? (
          <button className="primary" onClick={onSit} data-testid={`sit-${seat}`}>
            Sit here
          </button>
        ) : (
          <p className="hint">Free seat</p>
        )}
      </div>
    );
  }

  const result =
    state.outcome === null || state.outcome === 'draw'
      ? ''
      : state.outcome === seat
        ? 'won'
        : 'lost';

  return (
    <div className={`seat ${result}`} data-testid={`seat-${seat}`}>
      <div className="who">
        <Avatar id={player.id} name={player.name} />
        <span className="name">{player.name}</span>
        {seat === mine && <small>you</small>}
      </div>
      <div className={`shown ${ready ? 'ready' : ''}`} data-testid={`hand-${seat}`} data-hand={hand ?? ''}>
        {hand ? (
          <span key={state.round} className={state.outcome ? 'reveal' : ''}>
            <HandIcon hand={hand} />
          </span>
        ) : (
          <span className="hidden">{ready ? '?' : '…'}</span>
        )}
      </div>
      <p className="said">
        {hand && (state.outcome !== null || seat === mine) ? hand : ready ? 'has chosen' : 'is choosing'}
      </p>
      <p className="pips" aria-label={`${state.score[seat]} of ${WINS_NEEDED} rounds won`}>
        {Array.from({ length: WINS_NEEDED }, (_, index) => (
          <i key={index} className={index < state.score[seat] ? 'full' : ''} />
        ))}
      </p>
      {!present && mine !== seat && (
        <button className="quiet" onClick={onFree}>
          Gone: free the seat
        </button>
      )}
    </div>
  );
};
