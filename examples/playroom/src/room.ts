import { useEffect, useState } from 'react';
import { randomCode } from './identity';

// A room is one resource of each game under the same id; the address says
// which room and which game, so a link is all that a friend needs.

export const GAMES = ['rps', 'chat', 'counter'] as const;
export type Game = (typeof GAMES)[number];

export const roomFromAddress = (): string => {
  const url = new URL(location.href);
  const named = url.searchParams.get('room');
  if (named) {
    return named;
  }
  const room = randomCode(5);
  url.searchParams.set('room', room);
  history.replaceState(null, '', url);
  return room;
};

const gameFromAddress = (): Game => {
  const named = location.hash.slice(1) as Game;
  return GAMES.includes(named) ? named : 'rps';
};

export const useGame = (): Game => {
  const [game, setGame] = useState(gameFromAddress);
  useEffect(() => {
    const onChange = () => setGame(gameFromAddress());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return game;
};

/** The address for another person: same room and game, no player named. */
export const inviteLink = (room: string, game: Game): string =>
  `${location.origin}${location.pathname}?room=${encodeURIComponent(room)}#${game}`;
