// Two people in two windows of one browser: they play a whole match of
// rock-paper-scissors, chat and count. A third watches.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { reference } from '../support/binary.js';
import { servePlayroom } from '../support/playroom.js';
import { button, byId, click, launchChromium, openPage } from './chromium.js';

let server;
let browser;

before(
  async () => {
    [server, browser] = await Promise.all([servePlayroom(), launchChromium()]);
  },
  { timeout: 180_000 }
);

after(async () => {
  await browser?.close();
  await server?.stop();
});

let rooms = 0;
const newRoom = () => `room-${(rooms += 1)}`;

/** Opens the room, and the invitation of the first window in a second one. */
const twoWindows = async (context, game) => {
  const first = await openPage(context, `${server.url}/?room=${newRoom()}#${game}`);
  const link = await first.page.getByTestId('invite').getAttribute('href');
  const second = await openPage(context, link);
  for (const { page } of [first, second]) {
    await page.getByTestId('people').locator('li').nth(1).waitFor();
  }
  return { first, second, link };
};

const inBrowser = (title, ...rest) => {
  const [{ oursOnly = false }, body] = rest.length === 2 ? rest : [{}, rest[0]];
  test(title, { timeout: 90_000, skip: reference ? oursOnly : false }, async () => {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    try {
      await body(context);
    } finally {
      await context.close();
    }
    assert.ok(server.alive(), server.output);
  });
};

const headline = (page, text) => page.getByTestId('headline').filter({ hasText: text }).waitFor();
const hand = (page, seat, shown) =>
  page.locator(`[data-testid="hand-${seat}"][data-hand="${shown}"]`).waitFor();

inBrowser('a whole match; the secret is in nothing that the others received before the reveal', async (context) => {
  const { first, second, link } = await twoWindows(context, 'rps');
  const watcher = await openPage(context, link);
  await click(first.page, byId('sit-left'));
  await click(second.page, byId('sit-right'));
  await watcher.page.getByTestId('spectator').waitFor();

  const rounds = [
    ['paper', 'rock', 'Your round'],
    ['scissors', 'scissors', 'A draw'],
    ['rock', 'paper', 'takes the round'],
    ['scissors', 'paper', 'Your round'],
    ['rock', 'scissors', 'You win the match!'],
  ];
  for (const [index, [left, right, outcome]] of rounds.entries()) {
    // What came in earlier rounds may name the hand of this one.
    const fromHere = [second, watcher].map(({ received }) => received.length);
    await click(first.page, button(left));
    await hand(first.page, 'left', left);
    for (const { page } of [second, watcher]) {
      await page.getByTestId('seat-left').getByText('has chosen').waitFor();
    }
    [second, watcher].forEach(({ received }, who) => {
      const sinceThen = received.slice(fromHere[who]);
      assert.ok(sinceThen.length > 0, 'the public half came');
      assert.deepEqual(sinceThen.filter((frame) => frame.includes(`"hand":"${left}"`)), []);
      if (index === 0) {
        assert.deepEqual(
          received.filter((frame) => frame.includes(left)),
          [],
          'not in any frame since the page was opened'
        );
      }
    });

    await click(second.page, button(right));
    for (const { page } of [first, second, ...(reference ? [] : [watcher])]) {
      await hand(page, 'left', left);
      await hand(page, 'right', right);
    }
    assert.ok(second.received.some((frame) => frame.includes(left)), 'revealed');
    await headline(first.page, outcome);
    if (index < rounds.length - 1) {
      await click((index % 2 ? first : second).page, button('Next round'));
      await headline(first.page, 'Choose your hand');
      await headline(second.page, 'Choose your hand');
    }
  }
  if (!reference) {
    // The npm server forgets those who only watch.
    await headline(watcher.page, 'wins the match');
    assert.equal(await watcher.page.getByTestId('history').locator('li').count(), rounds.length);
  }
  await click(second.page, button('New match'));
  await headline(first.page, 'Choose your hand');
  for (const { complaints } of [first, second, watcher]) {
    assert.deepEqual(complaints, []);
  }
});

inBrowser('a player leaves the seat, the watcher takes it', async (context) => {
  const { first, second, link } = await twoWindows(context, 'rps');
  const watcher = await openPage(context, link);
  await click(first.page, byId('sit-left'));
  await click(second.page, byId('sit-right'));
  await click(first.page, button('rock'));
  await hand(first.page, 'left', 'rock');
  await click(first.page, button('Leave the seat'));
  await click(watcher.page, byId('sit-left'));
  await click(watcher.page, button('paper'));
  await click(second.page, button('scissors'));
  for (const { page } of [first, second, watcher]) {
    await hand(page, 'left', 'paper');
    await hand(page, 'right', 'scissors');
  }
  await headline(second.page, 'Your round');
});

inBrowser('chat: both write, both read, in the same order', async (context) => {
  const { first, second } = await twoWindows(context, 'chat');
  const write = async ({ page }, text) => {
    await page.getByLabel('Message').fill(text);
    await click(page, button('Send'));
  };
  const texts = ['Hello there', 'Hi! <b>not bold</b>', 'Shall we play?', 'Gladly 🎲'];
  for (const [index, text] of texts.entries()) {
    await write(index % 2 ? second : first, text);
    for (const { page } of [first, second]) {
      await page.getByTestId('messages').getByText(text, { exact: true }).waitFor();
    }
  }
  for (const { page, complaints } of [first, second]) {
    assert.deepEqual(await page.locator('.bubble').allTextContents(), texts);
    assert.deepEqual(complaints, []);
  }
});

inBrowser('counter: both count', async (context) => {
  const { first, second } = await twoWindows(context, 'counter');
  const shows = ({ page }, value) =>
    page.getByTestId('count').getByText(value, { exact: true }).waitFor();
  for (let count = 1; count <= 3; count += 1) {
    await click(first.page, button('Add one'));
    await shows(second, String(count));
  }
  await click(second.page, button('Add ten'));
  await shows(first, '13');
  await click(first.page, button('Take one'));
  await shows(second, '12');
  await click(second.page, button('Reset'));
  await shows(first, '0');
});

inBrowser('a reload is the same person in the same tab', async (context) => {
  const { first, second } = await twoWindows(context, 'counter');
  await second.page.reload();
  await second.page.getByTestId('people').locator('li').nth(1).waitFor();
  assert.equal(await first.page.getByTestId('people').locator('li').count(), 2);
});

inBrowser('the server is started anew: the pages come back by themselves and play on', { oursOnly: 'the stand-in page has another port' }, async (context) => {
  const { first, second } = await twoWindows(context, 'counter');
  await click(first.page, button('Add ten'));
  await second.page.getByTestId('count').getByText('10', { exact: true }).waitFor();
  const { port } = server;
  await server.stop();
  await first.page.getByText('Not connected').waitFor();
  server = await servePlayroom({ port });
  // Its memory was its store: the count begins again.
  for (const { page } of [first, second]) {
    await page.getByTestId('count').getByText('0', { exact: true }).waitFor();
  }
  await click(second.page, button('Add one'));
  await first.page.getByTestId('count').getByText('1', { exact: true }).waitFor();
});

inBrowser('a second window under the same name takes over, the first says so', async (context) => {
  const address = `${server.url}/?room=${newRoom()}&player=dora#counter`;
  const first = await openPage(context, address);
  await first.page.getByTestId('count').waitFor();
  const second = await openPage(context, address);
  await second.page.getByTestId('count').waitFor();
  await first.page.getByText('Not connected').waitFor();
  await click(second.page, button('Add one'));
  await second.page.getByTestId('count').getByText('1', { exact: true }).waitFor();
  await click(first.page, button('Play here'));
  await first.page.getByTestId('count').getByText('1', { exact: true }).waitFor();
  await second.page.getByText('Not connected').waitFor();
});
