// npm's own movex-server 0.1.6 with the same counter. It prints a line for
// every action; muted, so that the terminal is not what is measured.
const http = require('node:http');

const { log } = console;
for (const method of ['log', 'info', 'warn', 'error', 'debug', 'group', 'groupEnd']) {
  console[method] = () => {};
}
const { movexServer } = require('movex-server');

const counter = (state = { value: 0 }, action) =>
  action.type === 'increment' ? { ...state, value: state.value + 1 } : state;

// movexServer listens on the port that this variable names; 0 would be taken for none.
const probe = http.createServer().listen(0, '127.0.0.1', () => {
  const { port } = probe.address();
  probe.close(() => {
    process.env.port = String(port);
    const httpServer = http.createServer();
    httpServer.on('listening', () => log(`npm movex-server at http://127.0.0.1:${port}`));
    movexServer({ httpServer }, { url: 'http://localhost', resources: { counter } });
  });
});
