// M6: an action whose text JavaScript and Rust could read differently is
// refused, so that no replica folds something else.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { connectBare } from '../support/websocket.js';

const it = withServer({ app: 'table' });
const oursOnly = 'the npm server takes what JavaScript reads';

const AMBIGUOUS = {
  'a key twice': '{"a":1,"a":2}',
  'a key twice, once escaped': '{"a":1,"\\u0061":2}',
  'a key twice in an array': '[{"x":{"a":1,"a":2}}]',
  'a lone surrogate': '"\\ud83d"',
  'a lone surrogate in a key': '{"\\udc00":1}',
  'a number out of range': '1e400',
  'a number that is not exact': '9007199254740993',
};
for (const [what, payload] of Object.entries(AMBIGUOUS)) {
  it(`refused: ${what}`, { oursOnly }, async (t) => {
    const rid = await t.create('value', { before: true });
    const peer = await t.raw();
    await peer.subscribe(rid);
    const bare = t.closes(await connectBare(t.server, t.fresh('bare')));
    bare.send(`421["emitActionDispatch",{"rid":"${rid}","action":{"type":"set","payload":${payload}}}]`);
    const answer = await bare.next();
    assert.match(answer, /^431\[\{.*"ok":false/);
    assert.match(answer, /ambiguous/i, 'the answer says why');
    assert.deepEqual((await peer.state(rid))[0], { before: true });
    assert.equal(peer.count('onFwdAction'), 0);
  });
}

const PLAIN = {
  'an escaped pair of surrogates': ['"\\ud83d\\ude00"', '😀'],
  'minus zero': ['-0', 0],
  'the largest exact integer': ['9007199254740991', 9007199254740991],
  'an integer as JavaScript writes it': ['123456789012345680000', 123456789012345680000],
  'a small fraction': ['5e-324', 5e-324],
  'a fraction': ['0.1', 0.1],
  'white space': [' { "a" : [ 1 , 2 ] } ', { a: [1, 2] }],
};
for (const [what, [payload, expected]] of Object.entries(PLAIN)) {
  it(`taken: ${what}`, { oursOnly }, async (t) => {
    const rid = await t.create('value', { before: true });
    const bare = t.closes(await connectBare(t.server, t.fresh('bare')));
    bare.send(`421["emitActionDispatch",{"rid":"${rid}","action":{"type":"set","payload":${payload}}}]`);
    assert.match(await bare.next(), /^431\[\{.*"ok":true/);
    const reader = await t.raw();
    assert.deepEqual((await reader.state(rid))[0], expected);
  });
}
