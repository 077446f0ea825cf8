import { useMovexBoundResourceFromRid } from 'movex-react';
import { type Hand, HANDS, matchWinner, otherSeat, type RpsState, type Seat } from '../games/rps';
import type { Person } from '../identity';
import movexConfig from '../movex.config';
import { useRoomResource } from '../useRoomResource';
import { Loading } from './Loading';
import { People, type Subscribers } from './People';
import { RpsSeat } from './RpsSeat';
import { HandIcon } from './HandIcon';
import { RpsHistory } from './RpsHistory';

type Props = { me: Person; room: string };

export const RpsRoom = ({ me, room }: Props) => {
  const rid = useRoomResource('rps', room);
  return rid ? <Rps me={me} room={room} rid={rid} /> : <Loading />;
};

const seatOf = (state: RpsState, id: string): Seat | null => {
  if (state.seats.left?.id === id) return 'left';
  if (state.seats.right?.id === id) return 'right';
  return null;
};

const headline = (state: RpsState, mine: Seat | null, subscribers: Subscribers): string => {
  const { left, right } = state.seats;
  if (!left || !right) {
    return mine ? 'Waiting for an opponent' : 'Take a seat';
  }
  const winner = matchWinner(state);
  if (winner) {
    return winner === mine ? 'You win the match!' : `${state.seats[winner]?.name} wins the match`;
  }
  if (state.outcome === 'draw') {
    return 'A draw';
  }
  if (state.outcome) {
    return state.outcome === mine
      ? 'Your round'
      : `${state.seats[state.outcome]?.name} takes the round`;
  }
  if (!mine) {
    return `Round ${state.history.length + 1}`;
  }
  const opponent = state.seats[otherSeat(mine)];
  if (!state.choices[mine].ready) {
    return 'Choose your hand';
  }
  return opponent && opponent.id in subscribers
    ? `Waiting for ${opponent.name}`
    : `${opponent?.name} has left`;
};

const Rps = ({ me, room, rid }: Props & { rid: `rps:${string}` }) => {
  const bound = useMovexBoundResourceFromRid(movexConfig, rid);
  if (!bound || !(me.id in bound.subscribers)) {
    return <Loading />;
  }
  const { state, subscribers } = bound;
  const mine = seatOf(state, me.id);
  const bothSeated = state.seats.left !== null && state.seats.right !== null;
  const over = matchWinner(state) !== null;

  const sit = (seat: Seat) =>
    bound.dispatch({ type: 'sit', payload: { seat, player: me } });
  const stand = (seat: Seat) => {
    const player = state.seats[seat];
    if (player) {
      bound.dispatch({ type: 'stand', payload: { seat, playerId: player.id } });
    }
  };
  const choose = (seat: Seat, hand: Hand) => {
    const { round } = state;
    bound.dispatchPrivate(
      { type: 'choose', payload: { seat, round, hand }, isPrivate: true },
      { type: 'ready', payload: { seat, round } }
    );
  };

  const canChoose = mine !== null && bothSeated && !state.choices[mine].ready;
  const waiting =
    mine !== null && bothSeated && state.choices[mine].ready && state.outcome === null;

  return (
    <div className="table">
      <section className="card rps" aria-label="Rock paper scissors">
        <h2 className="headline" data-testid="headline" aria-live="polite">
          {headline(state, mine, subscribers)}
        </h2>

        <div className="seats">
          {(['left', 'right'] as const).map((seat) => (
            <RpsSeat
              key={seat}
              seat={seat}
              state={state}
              mine={mine}
              present={state.seats[seat] !== null && state.seats[seat].id in subscribers}
              onSit={() => sit(seat)}
              onFree={() => stand(seat)}
            />
          ))}
        </div>

        <div className="controls">
          {canChoose && mine && (
            <div className="row hands">
              {HANDS.map((hand) => (
                <button key={hand} className="hand" onClick={() => choose(mine, hand)}>
                  <HandIcon hand={hand} />
                  <span aria-hidden="true">{hand}</span>
                </button>
              ))}
            </div>
          )}
          {mine && state.outcome !== null && (
            <button
              className="primary"
              onClick={() =>
                bound.dispatch({
                  type: over ? 'newMatch' : 'nextRound',
                  payload: { after: state.round },
                })
              }
            >
              {over ? 'New match' : 'Next round'}
            </button>
          )}
          {!mine && bothSeated && (
            <p className="hint" data-testid="spectator">
              You are watching. The hands are shown when both have chosen.
            </p>
          )}
          {canChoose && (
            <p className="hint">Nobody sees your hand before both have chosen, not even on the wire.</p>
          )}
          {waiting && (
            <p className="hint">Your hand is kept by the server. The others see that you have chosen, not what.</p>
          )}
          {!bothSeated && (
            <p className="hint">
              {mine
                ? 'Open the invitation in a second window, or send it to a friend.'
                : 'Two play. Everybody else who has the link watches.'}
            </p>
          )}
        </div>

        <RpsHistory state={state} />
        {mine && (
          <button className="quiet leave" onClick={() => stand(mine)}>
            Leave the seat
          </button>
        )}
      </section>
      <People me={me} room={room} game="rps" subscribers={subscribers} />
    </div>
  );
};
