// Pictures for people to look at, in screenshots/: each game, light and dark,
// phone and desktop. What a test can see in them is that nothing overflows.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { servePlayroom } from '../support/playroom.js';
import { button, byId, click, launchChromium, openPage } from './chromium.js';

const folder = fileURLToPath(new URL('../screenshots', import.meta.url));
const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};

let server;
let browser;

before(
  async () => {
    mkdirSync(folder, { recursive: true });
    [server, browser] = await Promise.all([servePlayroom(), launchChromium()]);
  },
  { timeout: 180_000 }
);

after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [size, device] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${size}, ${colorScheme}`, { timeout: 90_000 }, async () => {
      const context = await browser.newContext({
        ...device,
        colorScheme,
        reducedMotion: 'reduce',
      });
      try {
        await picture(context, `${size}-${colorScheme}`);
      } finally {
        await context.close();
      }
    });
  }
}

const picture = async (context, label) => {
  const at = (game, player) => `${server.url}/?room=${label}&player=${player}#${game}`;
  const { page: ann } = await openPage(context, at('rps', 'annabel'));
  const { page: ben } = await openPage(context, at('rps', 'ben'));
  const shoot = async (page, name) => {
    await page.screenshot({ path: path.join(folder, `${label}-${name}.png`), fullPage: true });
    const [content, window] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(content <= window, `${name}: ${content} px wide in ${window}`);
  };

  await ann.getByTestId('sit-left').waitFor();
  await shoot(ann, '1-rps-empty');
  await click(ann, byId('sit-left'));
  await click(ben, byId('sit-right'));
  await ann.getByRole('button', { name: 'paper' }).waitFor();
  await shoot(ann, '2-rps-choosing');
  await click(ann, button('paper'));
  await ann.locator('[data-testid="hand-left"][data-hand="paper"]').waitFor();
  await shoot(ann, '3-rps-waiting');
  await click(ben, button('rock'));
  await ann.locator('[data-testid="hand-right"][data-hand="rock"]').waitFor();
  await shoot(ann, '4-rps-revealed');

  const { page: cleo } = await openPage(context, at('rps', 'cleo'));
  await cleo.getByTestId('spectator').waitFor();
  for (let round = 2; round <= 3; round += 1) {
    await click(ann, button('Next round'));
    await click(ann, button('scissors'));
    if (round === 2) {
      await cleo.getByTestId('seat-left').getByText('has chosen').waitFor();
      await cleo.bringToFront();
      await shoot(cleo, '5-rps-watching');
    }
    await click(ben, button('paper'));
    await ann.locator('[data-testid="hand-right"][data-hand="paper"]').waitFor();
  }
  await ann.getByText('You win the match!').waitFor();
  await ann.bringToFront();
  await shoot(ann, '6-rps-won');

  await ann.goto(at('chat', 'annabel'));
  await ben.goto(at('chat', 'ben'));
  await ann.getByLabel('Message').waitFor();
  await shoot(ann, '7-chat-empty');
  const lines = [
    [ann, 'Well played! Another round?'],
    [ben, 'Gladly. This time I will not start with rock.'],
    [ben, 'Or will I?'],
    [ann, 'We will see. Bring a friend, there is room for people who watch, and the link is under the chat.'],
  ];
  for (const [page, text] of lines) {
    await page.getByLabel('Message').fill(text);
    await click(page, button('Send'));
    await ann.getByTestId('messages').getByText(text, { exact: true }).waitFor();
  }
  await shoot(ann, '8-chat');

  await ann.goto(at('counter', 'annabel'));
  await ben.goto(at('counter', 'ben'));
  await click(ann, button('Add ten'));
  await ben.getByTestId('count').getByText('10', { exact: true }).waitFor();
  await click(ben, button('Add one'));
  await ann.getByTestId('count').getByText('11', { exact: true }).waitFor();
  await shoot(ann, '9-counter');
};
