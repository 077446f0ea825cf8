// G2 for npm clients: when messages stop, every window shows what the master has.

import assert from 'node:assert/strict';
import { askUntil } from './until.js';

/**
 * Waits until all `windows` show `state`, and proves it: same checksums, and
 * the master's answer for each of them is that state.
 */
export const converged = async (table, rid, state, windows) => {
  for (const window of windows) {
    await window.shows(state);
  }
  for (const window of windows) {
    await window.client.idle();
    // A refetch that was under way may have replaced what was right already.
    await window.shows(state);
    const { state: ofMaster } = await window.client.get(rid);
    assert.deepEqual(ofMaster, state, `the master's view for ${window.client.id}`);
  }
  const checksums = new Set(windows.map((window) => window.checksum));
  assert.equal(checksums.size, 1, 'one checksum for all');
  return [...checksums][0];
};

/** The same, and the public state too: nothing is secret. */
export const convergedInPublic = async (table, rid, state, windows) => {
  const checksum = await converged(table, rid, state, windows);
  await askUntil(
    () => table.publicState(rid),
    (answer) => answer[1] === checksum,
    `the public state of ${rid} is ${JSON.stringify(state)}`
  );
};
