// npm-scenarios, "Chat" and "Match", with the npm client.

import assert from 'node:assert/strict';
import { withServer } from '../support/fixture.js';
import { convergedInPublic } from '../support/converged.js';

const it = withServer({ app: 'table' });

it('chat: join, write, several join, several write in turn', async (t) => {
  const rid = await t.create('chat', { participants: [], messages: [] });
  const names = ['ann', 'ben', 'cid'];
  const windows = {};
  for (const name of names) {
    windows[name] = await (await t.npm(name)).bind(rid);
  }
  const all = Object.values(windows);
  const expected = { participants: [], messages: [] };

  for (const name of names) {
    windows[name].dispatch({ type: 'join', payload: name });
    expected.participants.push(name);
    await convergedInPublic(t, rid, expected, all);
  }
  for (let turn = 0; turn < 9; turn += 1) {
    const from = names[turn % 3];
    const message = { from, text: `message ${turn}` };
    windows[from].dispatch({ type: 'write', payload: message });
    expected.messages.push(message);
    for (const window of all) {
      await window.shows(expected);
    }
    await windows[from].client.idle();
  }
  await convergedInPublic(t, rid, expected, all);
});

it('chat: who has not joined can not write', async (t) => {
  const rid = await t.create('chat', { participants: ['ann'], messages: [] });
  const stranger = await (await t.npm('stranger')).bind(rid);
  stranger.dispatch({ type: 'write', payload: { from: 'stranger', text: 'hi' } });
  await stranger.client.idle();
  await convergedInPublic(t, rid, { participants: ['ann'], messages: [] }, [stranger]);
});

it('chat: who comes late has all messages', async (t) => {
  const rid = await t.create('chat', { participants: ['ann'], messages: [] });
  const ann = await (await t.npm('ann')).bind(rid);
  const messages = ['one', 'two', 'three'].map((text) => ({ from: 'ann', text }));
  for (const payload of messages) {
    ann.dispatch({ type: 'write', payload });
    await ann.client.idle();
  }
  const late = await (await t.npm('late')).bind(rid);
  await convergedInPublic(t, rid, { participants: ['ann'], messages }, [ann, late]);
});

it('match: players up to a maximum, start and end only in their time', async (t) => {
  const waiting = { status: 'waiting', players: [], playersMax: 2, winner: null };
  const rid = await t.create('match', waiting);
  const windows = [];
  for (const name of ['one', 'two', 'three']) {
    windows.push(await (await t.npm(name)).bind(rid));
  }
  const [one, two, three] = windows;

  const step = async (window, action, expected) => {
    window.dispatch(action);
    await window.client.idle();
    await convergedInPublic(t, rid, expected, windows);
  };

  await step(one, { type: 'start' }, waiting);
  await step(one, { type: 'join', payload: 'one' }, { ...waiting, players: ['one'] });
  await step(one, { type: 'join', payload: 'one' }, { ...waiting, players: ['one'] });
  await step(one, { type: 'start' }, { ...waiting, players: ['one'] });
  const full = { ...waiting, players: ['one', 'two'] };
  await step(two, { type: 'join', payload: 'two' }, full);
  await step(three, { type: 'join', payload: 'three' }, full);
  await step(three, { type: 'end', payload: { winner: 'three' } }, full);
  await step(two, { type: 'start' }, { ...full, status: 'inProgress' });
  await step(one, { type: 'dance' }, { ...full, status: 'inProgress' });
  const ended = { ...full, status: 'completed', winner: 'two' };
  await step(one, { type: 'end', payload: { winner: 'two' } }, ended);
  await step(one, { type: 'end', payload: { winner: 'one' } }, ended);
  for (const { client } of windows) {
    assert.equal(client.refetches, 0);
  }
});
