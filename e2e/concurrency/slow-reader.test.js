// G9: a slow reader is cut off, never waited for, and never silently robbed.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { subscribeAndGoDeaf } from '../support/deaf-client.js';

const it = withServer({ app: 'table' });

it('a client that does not read is cut off, the others miss nothing', { oursOnly: 'the npm server buffers without end' }, async (t) => {
  const rid = await t.create('value', '');
  const [sender, peer] = [await t.raw(), await t.raw()];
  await sender.subscribe(rid);
  await peer.subscribe(rid);
  const deaf = t.closes(await subscribeAndGoDeaf(t.server, rid));
  await peer.next('onResourceSubscriberAdded');

  let cutOff = false;
  peer.socket.once('onResourceSubscriberRemoved', ({ clientId }) => {
    cutOff = clientId === deaf.id;
  });
  const payload = 'x'.repeat(200_000);
  let sent = 0;
  // Far more than the kernel's buffers and any reasonable queue hold.
  while (!cutOff && sent < 1000) {
    const ack = await sender.dispatch(rid, { type: 'set', payload: payload + sent });
    assert.equal(ack.type, 'ack');
    sent += 1;
  }
  assert.ok(cutOff, `cut off within ${sent} messages of 200 kB`);
  await sender.settled(rid);
  await peer.settled(rid);
  assert.equal(peer.count('onFwdAction'), sent, 'who reads has every one of them');
  await t.server.printed(/slow/i);
});
