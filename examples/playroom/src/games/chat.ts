export type Message = {
  id: string;
  from: string;
  name: string;
  text: string;
  /** When it was written, in milliseconds of the master's clock. */
  at: number;
};

export type ChatState = { messages: Message[] };

export type ChatAction = { type: 'write'; payload: Message };

export const initialChat: ChatState = { messages: [] };

// Every newcomer loads the whole state, so it must not grow without end.
const KEPT_MAX = 200;
const TEXT_LENGTH_MAX = 500;

export const chat = (
  state: ChatState = initialChat,
  action: ChatAction
): ChatState => {
  switch (action.type) {
    case 'write': {
      const text = action.payload.text.trim().slice(0, TEXT_LENGTH_MAX);
      if (text === '') {
        return state;
      }
      return {
        messages: [...state.messages, { ...action.payload, text }].slice(
          -KEPT_MAX
        ),
      };
    }
    default:
      return state;
  }
};
