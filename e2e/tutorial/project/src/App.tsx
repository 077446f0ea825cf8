import { useMemo } from 'react';
import { MovexProvider } from 'movex-react';
import { toRidAsStr, ResourceIdentifier } from 'movex';
import movexConfig from './movex.config';
import { initialCounterState } from './counter.movex';
import { Counter } from './Counter';

export default function App() {
  const counterRid = useMemo(() => {
    const params = new URL(window.location.href).searchParams;
    return params.get('rid') as ResourceIdentifier<'counter'> | null;
  }, []);

  return (
    <MovexProvider
      movexDefinition={movexConfig}
      endpointUrl="localhost:3333"
      onConnectionStatusChange={(connection) => {
        if (connection.status === 'connected' && !counterRid) {
          connection.movex
            .register('counter')
            .create(initialCounterState)
            .map((created) => {
              window.location.href += `?rid=${toRidAsStr(created.rid)}`;
            });
        }
      }}
    >
      {counterRid && <Counter rid={counterRid} />}
    </MovexProvider>
  );
}
