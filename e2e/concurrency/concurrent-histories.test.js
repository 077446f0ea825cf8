// G1, G2, M2, M24: several authors act at once, with secrets and reveals. The
// order in which a spectator is told is the log; its fold is everybody's view.

import assert from 'node:assert/strict';
import { generator, picker } from '../support/chance.js';
import { checksumOf } from '../support/checksum.js';
import { withServer } from '../support/fixture.js';
import { ModelLog } from '../support/model-log.js';

const it = withServer({ app: 'histories', args: ['--engines', '2'] });
const oursOnly = 'the npm server loses actions';
// SEEDS=9,10 runs others.
const SEEDS = (process.env.SEEDS ?? '1,2,3,4').split(',').map(Number);
const AUTHORS = ['ann', 'ben', 'cid', 'dan'];
const ACTIONS_OF_EACH = 80;

const numberOf = (action) => action.payload.n;

/** Follows what the spectator is told, and gives the model that it amounts to. */
const replay = (events, entries, model) => {
  let expected;
  for (const { event, args } of events) {
    if (event === 'onFwdAction') {
      assert.equal(expected, undefined, 'a reveal follows its cause at once');
      const entry = entries.get(numberOf(args[0].action));
      assert.deepEqual(args[0].action, entry.publicAction);
      const { accepted, revealed } = model.dispatch(entry.author, entry.publicAction, entry.privateAction);
      assert.ok(accepted, 'what is rejected is not told');
      if (revealed.length > 0) {
        assert.equal(entry.privateAction, undefined, 'a revealing pair is not forwarded');
        expected = revealed;
      } else {
        assert.equal(args[0].checksum, checksumOf(model.publicState));
      }
    } else if (event === 'onReconciliateActions') {
      if (expected === undefined) {
        const entry = entries.get(numberOf(args[0].actions.at(-1)));
        const { accepted, revealed } = model.dispatch(entry.author, entry.publicAction, entry.privateAction);
        assert.ok(accepted && revealed.length > 0, 'the last one caused the reveal');
        expected = revealed;
      }
      assert.deepEqual(
        args[0].actions,
        expected.map(({ private: { isPrivate, ...action } }) => action)
      );
      assert.equal(args[0].finalChecksum, checksumOf(model.publicState));
      expected = undefined;
    }
  }
  return model;
};

for (const seed of SEEDS) {
  it(`seed ${seed}`, { oursOnly, timeout: 90_000 }, async (t) => {
    const pick = picker(generator(seed));
    const { history } = t.definition.resources;
    const initial = history(undefined, { type: '_init' });
    const rid = await t.create('history', initial);
    const spectator = await t.raw();
    await spectator.subscribe(rid);
    const authors = [];
    for (const name of AUTHORS) {
      const client = await t.raw({ id: t.fresh(name) });
      await client.subscribe(rid);
      authors.push({ name, client, id: client.client.id });
    }

    const entries = new Map();
    const acks = [];
    for (let n = 0; n < ACTIONS_OF_EACH * authors.length; n += 1) {
      const { name: by, client, id } = pick.of(authors);
      const forbid = pick.chance(0.2) ? pick.of(['hid something', `hid ${n - 5}`, ' hid ']) : undefined;
      const payload = { by, n, text: 'x'.repeat(pick.below(9)), ...(forbid && { forbid }) };
      let [publicAction, privateAction] = [{ type: 'say', payload }, undefined];
      if (pick.chance(0.5)) {
        privateAction = { type: 'hide', isPrivate: true, payload };
        publicAction = { type: 'hidden', payload: { by, n } };
      } else if (pick.chance(0.1)) {
        publicAction = { type: 'open', payload: { n } };
      }
      entries.set(n, { author: id, publicAction, privateAction });
      acks.push(client.dispatch(rid, privateAction ? [privateAction, publicAction] : publicAction));
      if (pick.chance(0.1)) {
        // Some reads in between, and a moment for the others.
        await pick.of(authors).client.state(rid);
      }
    }
    const answers = await Promise.all(acks);
    await spectator.settled(rid);

    const model = replay(spectator.events, entries, new ModelLog(history, initial));
    const rejected = authors.reduce((sum, { client }) => sum + client.count('movexRejected'), 0);
    const reveals = spectator.count('onReconciliateActions');
    const revealing = answers.filter(({ type }) => type === 'reconciliation').length;
    assert.equal(
      spectator.count('onFwdAction') + revealing + rejected,
      entries.size,
      'each action was told, revealed or rejected, once'
    );
    assert.ok(reveals > 3, `${reveals} reveals`);
    for (const { client, id } of authors) {
      assert.deepEqual(await client.state(rid), [model.view(id), checksumOf(model.view(id))]);
    }
    assert.deepEqual((await t.publicState(rid))[0], model.publicState);
  });
}
