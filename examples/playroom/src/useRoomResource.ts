import { useEffect, useState } from 'react';
import { useMovex } from 'movex-react';
import movexConfig from './movex.config';
import type { Game } from './room';

/**
 * Creates the room's resource unless somebody did so before.
 *
 * Returns its rid when it can be bound. Two people may create it at the same
 * moment: the server keeps the first, and both bind that one.
 */
export const useRoomResource = <G extends Game>(
  game: G,
  room: string
): `${G}:${string}` | undefined => {
  const context = useMovex(movexConfig);
  const movex = context.status === 'connected' ? context.movex : undefined;
  const [readyFor, setReadyFor] = useState<unknown>();

  useEffect(() => {
    if (!movex) {
      return;
    }
    let current = true;
    const resource = movex.register(game);
    const prepare = async () => {
      const found = await resource.get(`${game}:${room}`).resolve();
      if (found.err) {
        const reducer = movexConfig.resources[game] as (
          state: undefined,
          action: { type: string }
        ) => never;
        await resource.create(reducer(undefined, { type: '_init' }), room).resolve();
      }
      if (current) {
        setReadyFor(movex);
      }
    };
    void prepare();
    return () => {
      current = false;
    };
  }, [movex, game, room]);

  return movex && readyFor === movex ? `${game}:${room}` : undefined;
};
