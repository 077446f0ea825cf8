// M4, M11: a view that fails is its author's own trouble. The public state and
// the other views go on as if it were not there, before the reveal and after.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { checksumOf } from '../support/checksum.js';

// Small limits, so that they are met soon.
const it = withServer({
  app: 'troubled',
  args: ['--max-state-bytes', '200000', '--max-script-bytes', '67108864'],
});
const oursOnly = 'the npm server has no forks';

const empty = { says: [], hidden: 0, trap: null, open: false };

for (const trap of ['throw', 'loop', 'eat', 'grow']) {
  it(`a secret that makes the author's view "${trap}" at every public action`, { oursOnly }, async (t) => {
    const rid = await t.create('trapped', empty);
    const [author, peer, spectator] = [await t.raw(), await t.raw(), await t.raw()];
    for (const client of [author, peer, spectator]) {
      await client.subscribe(rid);
    }
    await author.dispatch(rid, [{ type: 'hide', isPrivate: true, payload: trap }, { type: 'hidden' }]);
    await spectator.next('onFwdAction');

    const said = [];
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six']) {
      said.push(word);
      const expected = { ...empty, hidden: 1, says: [...said] };
      const ack = await peer.dispatch(rid, { type: 'say', payload: word });
      assert.equal(ack.type, 'ack');
      assert.equal(ack.nextChecksum, checksumOf(expected), `the peer's view after ${word}`);
      const [forwarded] = await spectator.next('onFwdAction');
      assert.equal(forwarded.checksum, checksumOf(expected), `the spectator's view after ${word}`);
      assert.deepEqual((await t.publicState(rid))[0], expected);
    }
    for (const client of [peer, spectator]) {
      await client.settled(rid);
      assert.equal(client.count('movexRejected'), 0, 'nobody else is told');
    }
    // The author is answered still, whatever became of the view.
    const [own] = await author.state(rid);
    assert.equal(own.hidden, 1);

    // The reveal is not stopped by it, and gives everybody one state.
    await spectator.dispatch(rid, { type: 'open' });
    const [event] = await spectator.next('onReconciliateActions');
    assert.deepEqual(event.actions, [{ type: 'hide', payload: trap }]);
    const [revealed] = await spectator.state(rid);
    assert.equal(revealed.open, true);
    assert.equal(revealed.trap, trap);
    assert.equal(event.finalChecksum, checksumOf(revealed));
    for (const client of [author, peer]) {
      assert.deepEqual((await client.state(rid))[0], revealed);
    }
    assert.deepEqual((await t.publicState(rid))[0], revealed);
    const ack = await peer.dispatch(rid, { type: 'fine' });
    assert.equal(ack.nextChecksum, checksumOf(revealed));
  });
}

it('many such authors at once hold nobody else back', { oursOnly, timeout: 90_000 }, async (t) => {
  const rid = await t.create('trapped', empty);
  const peer = await t.raw();
  await peer.subscribe(rid);
  const authors = [];
  for (let n = 0; n < 8; n += 1) {
    const author = await t.raw();
    await author.subscribe(rid);
    await author.dispatch(rid, [{ type: 'hide', isPrivate: true, payload: 'loop' }, { type: 'hidden' }]);
    authors.push(author);
  }
  const says = [];
  for (let n = 0; n < 10; n += 1) {
    says.push(`word ${n}`);
    const ack = await peer.dispatch(rid, { type: 'say', payload: says.at(-1) });
    assert.equal(ack.nextChecksum, checksumOf({ ...empty, hidden: 8, says: [...says] }));
  }
  for (const author of authors) {
    await author.askWithin(30_000, 'getResourceState', { rid });
  }
});
