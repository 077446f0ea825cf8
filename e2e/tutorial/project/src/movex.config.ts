import counterReducer from './counter.movex';
import rpsReducer from './rps.movex';

export default {
  url: 'localhost:3333',
  resources: {
    counter: counterReducer,
    rps: rpsReducer,
  },
};
