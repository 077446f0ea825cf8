// Which server is under test.
//
// MOVEX_BIN names the `movex` binary. MOVEX_REFERENCE names a folder in whose
// node_modules npm's own movex-server 0.1.6 is installed: the tests then run
// against that one, which proves that they say what npm movex does. Tests of
// what ours does better are skipped there.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const reference = process.env.MOVEX_REFERENCE;

const besideTheRepository = fileURLToPath(
  new URL('../../target/debug/movex', import.meta.url)
);

export const movexBinary = () => {
  const named = process.env.MOVEX_BIN ?? besideTheRepository;
  const binary = path.resolve(named);
  if (!existsSync(binary)) {
    throw new Error(
      `no movex binary at ${binary}: build it (cargo build -p movex-cli) or name it in MOVEX_BIN`
    );
  }
  return binary;
};
