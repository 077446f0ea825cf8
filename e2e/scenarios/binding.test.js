// npm-scenarios, "Create and bind", with the npm client.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';

const it = withServer({ app: 'table' });

it('created by one, bound by another: the same state, both listed', async (t) => {
  const [a, b] = [await t.npm('a'), await t.npm('b')];
  const created = await a.create('counter', { count: 2 });
  assert.deepEqual(created.state, { count: 2 });
  assert.deepEqual(created.subscribers, {});
  const rid = `counter:${created.rid.resourceId}`;

  const ofA = await a.bind(rid);
  const ofB = await b.bind(rid);
  assert.deepEqual(ofA.state, { count: 2 });
  assert.deepEqual(ofB.state, { count: 2 });
  assert.equal(ofA.checksum, ofB.checksum);

  const both = {
    [a.id]: { id: a.id, info: { name: 'a' } },
    [b.id]: { id: b.id, info: { name: 'b' } },
  };
  assert.deepEqual(ofB.subscribers, both);
  await ofA.until((_, subscribers) => b.id in subscribers);
  assert.deepEqual(ofA.subscribers, both);
});

it('created under a given id', async (t) => {
  const a = await t.npm('a');
  const id = t.fresh('given');
  const created = await a.create('counter', { count: 0 }, id);
  assert.deepEqual(created.rid, { resourceType: 'counter', resourceId: id });
  assert.deepEqual((await a.get(`counter:${id}`)).state, { count: 0 });
});

it('getting what does not exist is an error for the app', async (t) => {
  const a = await t.npm('a');
  await assert.rejects(a.get(`counter:${t.fresh('none')}`), /ResourceInexistent/);
});

it('one client may bind several resources, of one type and of others', async (t) => {
  const rids = [
    await t.create('counter', { count: 1 }),
    await t.create('counter', { count: 2 }),
    await t.create('chat', { participants: [], messages: [] }),
  ];
  const a = await t.npm('a');
  const [one, two, chat] = [await a.bind(rids[0]), await a.bind(rids[1]), await a.bind(rids[2])];
  one.dispatch({ type: 'increment' });
  two.dispatch({ type: 'increment' });
  chat.dispatch({ type: 'join', payload: 'a' });
  await a.idle();
  assert.deepEqual([one.state, two.state], [{ count: 2 }, { count: 3 }]);
  assert.deepEqual((await t.publicState(rids[0]))[0], { count: 2 });
  assert.deepEqual((await t.publicState(rids[2]))[0], { participants: ['a'], messages: [] });
});

it('a client without an id learns the one that it was given', async (t) => {
  const { NpmClient } = await import('../support/npm-client.js');
  const client = t.closes(
    new NpmClient(t.server, { info: { name: 'anon' }, definition: t.definition })
  );
  await client.ready();
  assert.equal(typeof client.id, 'string');
  const rid = await t.create('counter', { count: 0 });
  const bound = await client.bind(rid);
  assert.deepEqual(Object.keys(bound.subscribers), [client.id]);
});
