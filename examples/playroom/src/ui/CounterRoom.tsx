import { useMovexBoundResourceFromRid } from 'movex-react';
import type { Person } from '../identity';
import movexConfig from '../movex.config';
import { useRoomResource } from '../useRoomResource';
import { Loading } from './Loading';
import { nameOf, People } from './People';

type Props = { me: Person; room: string };

export const CounterRoom = ({ me, room }: Props) => {
  const rid = useRoomResource('counter', room);
  return rid ? <Counter me={me} room={room} rid={rid} /> : <Loading />;
};

const Counter = ({ me, room, rid }: Props & { rid: `counter:${string}` }) => {
  const bound = useMovexBoundResourceFromRid(movexConfig, rid);
  if (!bound || !(me.id in bound.subscribers)) {
    return <Loading />;
  }
  const { value, lastBy } = bound.state;
  const add = (amount: number) =>
    bound.dispatch({ type: 'add', payload: { amount, by: me.id } });

  return (
    <div className="table">
      <section className="card counter" aria-label="Counter">
        <output className="value" data-testid="count" key={value}>
          {value}
        </output>
        <div className="row">
          <button className="round" aria-label="Take one" onClick={() => add(-1)}>
            −
          </button>
          <button className="round primary" aria-label="Add one" onClick={() => add(1)}>
            +
          </button>
        </div>
        <div className="row">
          <button className="quiet" onClick={() => add(10)}>
            Add ten
          </button>
          <button
            className="quiet"
            onClick={() => bound.dispatch({ type: 'reset', payload: { by: me.id } })}
          >
            Reset
          </button>
        </div>
        <p className="hint">
          {lastBy === null
            ? 'Nobody has counted yet.'
            : `Last changed by ${lastBy === me.id ? 'you' : (nameOf(bound.subscribers, lastBy) ?? 'somebody who left')}.`}
        </p>
      </section>
      <People me={me} room={room} game="counter" subscribers={bound.subscribers} />
    </div>
  );
};
