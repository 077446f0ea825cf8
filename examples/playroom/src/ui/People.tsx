import { useState } from 'react';
import type { Person } from '../identity';
import { type Game, inviteLink } from '../room';
import { Avatar } from './Avatar';

/** A subscriber's info is whatever its client sent: it may lack a name. */
export type Subscribers = Record<string, { id: string; info: Record<string, unknown> }>;

export const nameOf = (subscribers: Subscribers, id: string): string | undefined => {
  const name = subscribers[id]?.info?.name;
  return typeof name === 'string' ? name : undefined;
};

type Props = { me: Person; room: string; game: Game; subscribers: Subscribers };

export const People = ({ me, room, game, subscribers }: Props) => {
  const link = inviteLink(room, game);
  const [copied, setCopied] = useState(false);
  const others = Object.keys(subscribers)
    .filter((id) => id !== me.id)
    .sort();

  const copy = async () => {
    await navigator.clipboard.writeText(link);
    setCopied(true);
  };

  return (
    <aside className="people">
      <h2>Who is here</h2>
      <ul data-testid="people">
        {[me.id, ...others].map((id) => {
          const name = id === me.id ? me.name : (nameOf(subscribers, id) ?? id);
          return (
            <li key={id}>
              <Avatar id={id} name={name} />
              <span className="name">{name}</span>
              {id === me.id && <small>you</small>}
            </li>
          );
        })}
      </ul>

      <h2>Invite</h2>
      <p className="hint">
        {others.length === 0
          ? 'Nobody else yet. This link opens a second player:'
          : 'One more? This link opens another player:'}
      </p>
      <div className="invite">
        <a href={link} target="_blank" rel="noopener noreferrer" data-testid="invite">
          {link.replace(/^https?:\/\//, '')}
        </a>
        {/* The clipboard is there on localhost and https only. */}
        {'clipboard' in navigator && (
          <button className="quiet" onClick={() => void copy()}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        )}
      </div>
    </aside>
  );
};
