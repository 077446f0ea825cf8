import { chat } from './chat';
import { counter } from './counter';
import { match } from './match';
import { moves, movesWithReveal } from './moves';
import { quietGame } from './quiet';
import { rps } from './rps';
import { blitz, speed } from './speed';
import { stamps } from './stamps';
import { value } from './value';

export default {
  resources: {
    counter,
    value,
    moves,
    movesWithReveal,
    rps,
    quietGame,
    chat,
    match,
    stamps,
    speed,
    blitz,
  },
};
