// M8: what anybody else receives before the reveal is a function of the public
// parts alone. Two runs with the same verdicts whose secrets differ show the
// others the same bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reference } from '../support/binary.js';
import { observe } from './observed-run.js';

const skip = reference ? 'the npm server shows fragments over HTTP' : false;

const assertSame = (one, other) => {
  for (const who of ['peer', 'spectator', 'newcomer', 'http', 'printed']) {
    assert.ok(one[who].length > 100, `${who} shows something`);
    assert.equal(one[who], other[who], `what ${who} shows`);
  }
};

test('secrets that differ in value and length', { skip, timeout: 60_000 }, async () => {
  const short = await observe({ secrets: [{ card: 'ace' }, { card: 'two' }] });
  const long = await observe({
    secrets: [{ card: 'the king of hearts '.repeat(50) }, { card: 'x', extra: { a: [1, 2, 3] } }],
  });
  assertSame(short, long);
  assert.equal(short.ownState.cards.author, 'two');
  assert.equal(long.ownState.cards.author, 'x');
});

test('refused private attempts in between', { skip, timeout: 60_000 }, async () => {
  const none = await observe({ secrets: [{ card: 'ace' }, { card: 'two' }] });
  const some = await observe({
    secrets: [
      [{ card: 'no', refuse: true }, { card: 'nor this', refuse: true }, { card: 'ace' }],
      [{ card: 'still not', refuse: true }, { card: 'two' }],
    ],
  });
  assertSame(none, some);
});

test('private halves that print', { skip, timeout: 60_000 }, async () => {
  const silent = await observe({ secrets: [{ card: 'ace' }] });
  const loud = await observe({ secrets: [{ card: 'king', print: true }] });
  assertSame(silent, loud);
});

test('private halves that draw from chance', { skip, timeout: 60_000 }, async () => {
  const sure = await observe({ secrets: [{ card: 'ace' }] });
  const drawn = await observe({ secrets: [{ card: 'ace', chance: true }] });
  assertSame(sure, drawn);
  assert.match(drawn.ownState.cards.author, /^ace0\.\d+/);
});

test('private halves that take longer', { skip, timeout: 60_000 }, async () => {
  const quick = await observe({ secrets: [{ card: 'ace' }] });
  const slow = await observe({ secrets: [{ card: 'ace', work: 20_000 }] });
  assertSame(quick, slow);
});

for (const trap of ['throw', 'loop']) {
  test(`secrets that make their author's view ${trap} at what others do`, { skip, timeout: 60_000 }, async () => {
    const harmless = await observe({ secrets: [{ card: 'ace' }], authorSpeaks: false });
    const harmful = await observe({ secrets: [{ card: 'ace', trap }], authorSpeaks: false });
    assertSame(harmless, harmful);
  });
}

test('with JSON logs', { skip, timeout: 60_000 }, async () => {
  const args = ['--log', 'json'];
  const one = await observe({ secrets: [{ card: 'ace' }], args });
  const other = await observe({
    secrets: [[{ card: 'no', refuse: true }, { card: 'the queen of spades', print: true }]],
    args,
  });
  assertSame(one, other);
});
