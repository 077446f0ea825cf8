type Message = { from: string; text: string };
type State = { participants: string[]; messages: Message[] };
type Action =
  | { type: 'join'; payload: string }
  | { type: 'leave'; payload: string }
  | { type: 'write'; payload: Message };

export const chat = (
  state: State = { participants: [], messages: [] },
  action: Action
): State => {
  switch (action.type) {
    case 'join':
      return state.participants.includes(action.payload)
        ? state
        : { ...state, participants: [...state.participants, action.payload] };
    case 'leave':
      return {
        ...state,
        participants: state.participants.filter((name) => name !== action.payload),
      };
    case 'write':
      return state.participants.includes(action.payload.from)
        ? { ...state, messages: [...state.messages, action.payload] }
        : state;
    default:
      return state;
  }
};
