import type { RpsState } from '../games/rps';
import { HandIcon } from './HandIcon';

export const RpsHistory = ({ state }: { state: RpsState }) => {
  if (state.history.length === 0) {
    return null;
  }
  return (
    <ol className="history" data-testid="history" aria-label="Rounds played">
      {state.history.map((round, index) => (
        <li key={round.round}>
          <span className={round.outcome === 'left' ? 'won' : ''}>
            <HandIcon hand={round.left} />
          </span>
          <small>{index + 1}</small>
          <span className={round.outcome === 'right' ? 'won' : ''}>
            <HandIcon hand={round.right} />
          </span>
        </li>
      ))}
    </ol>
  );
};
