import { createRoot } from 'react-dom/client';
import { MovexProvider } from 'movex-react';
import { App } from './ui/App';
import { identify } from './identity';
import movexConfig from './movex.config';
import { roomFromAddress } from './room';
import './style/index.css';

// The page is served by the server that it plays on; `vite dev` serves it from
// elsewhere and names the server.
const endpointUrl = import.meta.env.VITE_MOVEX_URL ?? location.origin;

const me = identify();
const room = roomFromAddress();
const root = document.getElementById('root');
if (!root) {
  throw new Error('index.html has no #root');
}

createRoot(root).render(
  <MovexProvider
    endpointUrl={endpointUrl}
    movexDefinition={movexConfig}
    clientId={me.id}
    clientInfo={{ name: me.name }}
  >
    <App me={me} room={room} />
  </MovexProvider>
);
