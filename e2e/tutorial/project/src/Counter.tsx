import { useMovexBoundResourceFromRid } from 'movex-react';
import { ResourceIdentifier } from 'movex';
import movexConfig from './movex.config';

type Props = {
  rid: ResourceIdentifier<'counter'>;
};

export const Counter = (props: Props) => {
  const counter = useMovexBoundResourceFromRid(movexConfig, props.rid);

  if (!counter) {
    return null;
  }

  return (
    <div>
      <button onClick={() => counter.dispatch({ type: 'increment' })}>Increment</button>
      <h1>{counter.state.count}</h1>
      <button onClick={() => counter.dispatch({ type: 'decrement' })}>Decrement</button>
    </div>
  );
};
