// An app that lives for one test, in a folder of its own.

import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export class TemporaryApp {
  /** `files`: path in the folder -> text. */
  static async with(files) {
    // The real path: what the server prints may have the links resolved.
    const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'movex-app-')));
    const app = new TemporaryApp(folder);
    for (const [name, text] of Object.entries(files)) {
      await app.write(name, text);
    }
    return app;
  }

  constructor(folder) {
    this.folder = folder;
  }

  async write(name, text) {
    const file = path.join(this.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  async replace(name, from, to) {
    const text = await readFile(path.join(this.folder, name), 'utf8');
    if (!text.includes(from)) {
      throw new Error(`${name} has no ${from}`);
    }
    await this.write(name, text.replaceAll(from, to));
  }

  close() {
    return rm(this.folder, { recursive: true, force: true });
  }
}
