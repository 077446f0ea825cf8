import { useMovex } from 'movex-react';
import type { Person } from '../identity';
import movexConfig from '../movex.config';
import { type Game, useGame } from '../room';
import { ConnectionNotice } from './ConnectionNotice';
import { ChatRoom } from './ChatRoom';
import { CounterRoom } from './CounterRoom';
import { RpsRoom } from './RpsRoom';

const TABS: { game: Game; label: string }[] = [
  { game: 'rps', label: 'Rock paper scissors' },
  { game: 'chat', label: 'Chat' },
  { game: 'counter', label: 'Counter' },
];

export const App = ({ me, room }: { me: Person; room: string }) => {
  const game = useGame();
  const { status } = useMovex(movexConfig);

  return (
    <div className="page">
      <header className="top">
        <h1>
          <span className="mark" aria-hidden="true" />
          Playroom
        </h1>
        <p className="where">
          room <code>{room}</code>
          <span className={`dot ${status}`} title={status} />
        </p>
      </header>

      <nav className="tabs" aria-label="Games">
        {TABS.map((tab) => (
          <a
            key={tab.game}
            href={`#${tab.game}`}
            aria-current={tab.game === game ? 'page' : undefined}
          >
            {tab.label}
          </a>
        ))}
      </nav>

      <ConnectionNotice status={status} />

      <main>
        {game === 'rps' && <RpsRoom me={me} room={room} />}
        {game === 'chat' && <ChatRoom me={me} room={room} />}
        {game === 'counter' && <CounterRoom me={me} room={room} />}
      </main>
    </div>
  );
};
