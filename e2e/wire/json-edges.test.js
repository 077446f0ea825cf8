// What a reducer returns and JSON drops or changes: state and checksum are as
// JSON.stringify has it, which is what the npm client computes.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'edges' });
const oursOnly = 'the npm server merges states';

const NAMES = [
  'undefinedKey',
  'notANumber',
  'functions',
  'date',
  'toJson',
  'classInstance',
  'boxed',
  'sparse',
  'inherited',
  'nullPrototype',
  'hiddenKey',
  'getter',
  'shared',
  'numericKeys',
  'strings',
  'collections',
];

for (const name of NAMES) {
  it(`a reducer returns ${name}`, { oursOnly }, async (t) => {
    const local = t.definition.resources.edge({}, { type: name });
    const expected = JSON.parse(JSON.stringify(local));
    const rid = await t.create('edge', { before: true });
    const [client, peer] = [await t.raw(), await t.raw()];
    await peer.subscribe(rid);
    const ack = await client.dispatch(rid, { type: name });
    assert.deepEqual(await client.state(rid), [expected, checksumOf(expected)]);
    assert.equal(ack.nextChecksum, checksumOf(expected));
    assert.equal((await peer.next('onFwdAction'))[0].checksum, checksumOf(expected));
  });
}
