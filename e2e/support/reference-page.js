// npm's movex-server serves no pages: this puts the page and that server
// behind one address, so that the browser tests can be run against it.

import { createServer } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

export const pageBefore = async (server, folder) => {
  const { port } = server;
  const page = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://page');
    const file = path.join(folder, pathname === '/' ? 'index.html' : pathname);
    try {
      response.setHeader('content-type', TYPES[path.extname(file)] ?? 'text/plain');
      response.end(await readFile(file));
    } catch {
      response.writeHead(404).end();
    }
  });
  page.on('upgrade', (request, near, head) => {
    const far = connect(port, '127.0.0.1', () => {
      const headers = request.rawHeaders
        .map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`))
        .join('');
      far.write(`GET ${request.url} HTTP/1.1\r\n${headers}\r\n`);
      far.write(head);
      near.pipe(far).pipe(near);
    });
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  page.listen(0, '127.0.0.1');
  await once(page, 'listening');
  page.unref();
  server.url = `http://127.0.0.1:${page.address().port}`;
};
