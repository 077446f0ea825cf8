import { chat } from './games/chat';
import { counter } from './games/counter';
import { rps } from './games/rps';

// The whole shared part of the app. The pages import it to act at once; the
// server loads the same file to have the last word.
export default {
  resources: { counter, chat, rps },
};
