// Reducers on packages that apps in production use.

import { Chess } from 'chess.js';
import { produce } from 'immer';
import { z } from 'zod';

type ChessState = { fen: string; history: string[]; over: boolean };
type Move = { type: 'move'; payload: string };

const chess = (
  state: ChessState = { fen: new Chess().fen(), history: [], over: false },
  action: Move
): ChessState => {
  if (action.type !== 'move') {
    return state;
  }
  const board = new Chess(state.fen);
  // Throws on a move that the rules don't allow.
  const { san } = board.move(action.payload);
  return { fen: board.fen(), history: [...state.history, san], over: board.isGameOver() };
};

type Todo = { id: number; text: string; done: boolean };
type Todos = { list: Todo[] };
type TodoAction =
  | { type: 'add'; payload: unknown }
  | { type: 'toggle'; payload: number };

const NewTodo = z.object({ text: z.string().trim().min(1).max(40) }).strict();

const todos = (state: Todos = { list: [] }, action: TodoAction): Todos =>
  produce(state, (draft) => {
    switch (action.type) {
      case 'add': {
        const { text } = NewTodo.parse(action.payload);
        draft.list.push({ id: draft.list.length, text, done: false });
        break;
      }
      case 'toggle': {
        const todo = draft.list.find(({ id }) => id === action.payload);
        if (todo) {
          todo.done = !todo.done;
        }
        break;
      }
    }
  });

export default { resources: { chess, todos } };
