// Any JSON as a state: what the wire must carry whatever the app.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Action =
  | { type: 'set'; payload: Json }
  | { type: 'push'; payload: Json }
  | { type: 'put'; payload: { key: string; value: Json } }
  | { type: 'drop'; payload: string };

export const value = (state: Json = null, action: Action): Json => {
  switch (action.type) {
    case 'set':
      return action.payload;
    case 'push':
      return Array.isArray(state) ? [...state, action.payload] : state;
    case 'put':
      return { ...(state as object), [action.payload.key]: action.payload.value };
    case 'drop': {
      const { [action.payload]: _dropped, ...rest } = state as Record<string, Json>;
      return rest;
    }
    default:
      return state;
  }
};
