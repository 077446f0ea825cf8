// movex-v0, "Checksum": its table and its traps, over the wire.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { withServer } from '../support/fixture.js';
import { generator } from '../support/chance.js';
import { checksumOf } from '../support/checksum.js';

const it = withServer({ app: 'table' });

// The states are written as JSON text: what is sent must be this text.
const TABLE = [
  ['{"value":2}', '5d872de403edb944a7b10450eda2f46a'],
  ['{"value":0}', 'b136fbef4c0f8b7ee6c001d941382b40'],
  ['{"value":13.5}', '9aa2e73be8f2cccb209e82ca4986071a'],
  ['{}', '99914b932bd37a50b983c5e7c90ae93b'],
  ['[]', 'd751713988987e9331980363e24189ce'],
  ['5', 'e4da3b7fbbce2345d7772b0674a318d5'],
  ['null', '37a6259cc0c1dae299a7866489dff0bd'],
  ['"abc"', '900150983cd24fb0d6963f7d28e17f72'],
  ['{"v":1e21}', '2dc09efde35e937a9bbc8d71d8f206e7'],
  ['{"b":1,"10":1,"9":1,"a":1,"01":2}', 'c17835b850e44d9633db21617cbb8700'],
];

for (const [text, checksum] of TABLE) {
  it(`the state ${text}`, async (t) => {
    const state = JSON.parse(text);
    assert.equal(checksumOf(state), checksum, 'the npm client agrees');
    const client = await t.raw();
    const created = await client.val('createResource', {
      resourceType: 'value',
      resourceState: state,
    });
    assert.deepEqual(created.state, [state, checksum]);
  });

  it(`the state ${text} as the result of an action`, { oursOnly: 'the npm server merges states' }, async (t) => {
    const state = JSON.parse(text);
    const rid = await t.create('value', { before: 1 });
    const client = await t.raw();
    const ack = await client.dispatch(rid, { type: 'set', payload: state });
    assert.equal(ack.nextChecksum, checksum);
    assert.deepEqual(await client.state(rid), [state, checksum]);
    assert.deepEqual(await t.publicState(rid), [state, checksum]);
  });
}

const MORE = [
  'true',
  'false',
  '-0',
  '0.1',
  '1e-7',
  '123456789012345680000',
  '5e-324',
  '1.7976931348623157e308',
  '9007199254740991',
  '""',
  '"ü✓😀"',
  '[3,1,2]',
  '[{"b":1,"a":2}]',
  '{"list":[{"b":1,"a":{"d":1,"c":2}}]}',
  '{"nested":{"z":{"y":1,"x":[null,true]},"a":null}}',
  '{"\\ufffd":1,"\\ud83d\\ude00":2}',
  '{"4294967294":1,"4294967295":2,"4294967296":3,"1":4}',
  '{"quote\\"":"\\u0000\\u001f\\u2028","tab":"\\t"}',
];
for (const text of MORE) {
  it(`the state ${text} has the client’s checksum`, async (t) => {
    const state = JSON.parse(text);
    const client = await t.raw();
    const created = await client.val('createResource', {
      resourceType: 'value',
      resourceState: state,
    });
    assert.equal(created.state[1], checksumOf(state));
    assert.equal(JSON.stringify(created.state[0]), JSON.stringify(state), 'the order of keys is kept');
  });
}

it('a top-level array keeps the order of the keys inside', async (t) => {
  const client = await t.raw();
  const md5 = (text) => createHash('md5').update(text).digest('hex');
  for (const text of ['[{"b":1,"a":2}]', '[{"a":2,"b":1}]']) {
    const { state } = await client.val('createResource', {
      resourceType: 'value',
      resourceState: JSON.parse(text),
    });
    assert.equal(state[1], md5(text));
  }
});

it('a key whose value is undefined is as good as absent', async (t) => {
  const client = await t.raw();
  const { state } = await client.val('createResource', {
    resourceType: 'value',
    resourceState: { a: 1, b: undefined },
  });
  assert.deepEqual(state, [{ a: 1 }, checksumOf({ a: 1 })]);
});

it('a thousand random states have the client’s checksums', { oursOnly: 'it takes the npm server long' }, async (t) => {
  const client = await t.raw();
  const random = generator(20_240_607);
  for (let round = 0; round < 20; round += 1) {
    const states = Array.from({ length: 50 }, () => randomState(random, 4));
    const created = await Promise.all(
      states.map((state) =>
        client.val('createResource', { resourceType: 'value', resourceState: state })
      )
    );
    created.forEach(({ state }, index) => {
      assert.equal(state[1], checksumOf(states[index]), JSON.stringify(states[index]));
    });
  }
});

function randomState(random, depth) {
  const of = (list) => list[Math.floor(random() * list.length)];
  const text = () => of(['', 'a', 'b', '10', '9', '01', 'é', '😀', '\ufffd', '"', '\\', '\n', 'zz']);
  const number = () =>
    of([0, -1, 1, random(), random() * 1e21, random() * 1e-9, 2 ** 53 - 1, Math.floor(random() * 1e6), -random() * 1e5]);
  const kind = depth === 0 ? Math.floor(random() * 4) : Math.floor(random() * 6);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return number();
    case 3:
      return text() + text();
    case 4:
      return Array.from({ length: Math.floor(random() * 5) }, () => randomState(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 6) }, () => [
          text() + text(),
          randomState(random, depth - 1),
        ])
      );
  }
}
