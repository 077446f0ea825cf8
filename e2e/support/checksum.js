// The v0 checksum as the npm client computes it.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { computeCheckedState } = require('movex-core-util');

export const checksumOf = (state) => computeCheckedState(state)[1];
