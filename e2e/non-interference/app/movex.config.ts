// A game of hidden cards whose private half can do everything a reducer does:
// print, throw, draw from chance, take its time, and make its author's view
// fail at what others do later.

type State = {
  ready: string[];
  cards: Record<string, string>;
  open: boolean;
  log: string[];
  trap?: string;
};

const game = (
  state: State = { ready: [], cards: {}, open: false, log: [] },
  action: any
): State => {
  switch (action.type) {
    case 'hide': {
      const { by, card, refuse, print, chance, work, trap } = action.payload;
      if (print) {
        console.log('the card is', card);
        console.error('the card is', card);
      }
      if (refuse) {
        throw new Error(`not the card ${card}`);
      }
      let drawn = card;
      if (chance) {
        drawn += Math.random();
      }
      for (let i = 0; i < (work ?? 0); i += 1) {
        drawn = drawn.slice(0, 20) + (i % 10);
      }
      return {
        ...state,
        ready: [...state.ready, by],
        cards: { ...state.cards, [by]: drawn },
        ...(trap && { trap }),
      };
    }
    case 'hidden':
      return { ...state, ready: [...state.ready, action.payload.by] };
    case 'say':
      console.log('said:', action.payload);
      if (state.trap === 'throw') {
        throw new Error('trapped');
      }
      while (state.trap === 'loop') {}
      return { ...state, log: [...state.log, action.payload.toUpperCase()] };
    case 'open':
      return { ...state, open: true };
    default:
      return state;
  }
};
game.$canReconcileState = (state: State): boolean => state.open;

export default { resources: { game } };
