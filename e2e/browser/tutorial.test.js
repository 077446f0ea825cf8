// The page of the public tutorial, in a browser: the first window makes the
// counter and puts its rid into the address; whoever opens that address counts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { reference } from '../support/binary.js';
import { serveTutorialProject } from '../support/tutorial-project.js';
import { button, click, launchChromium, openPage } from './chromium.js';

const skip = reference ? 'about the movex binary' : false;

let project;
let browser;

before(
  async () => {
    if (!skip) {
      [project, browser] = await Promise.all([serveTutorialProject(), launchChromium()]);
    }
  },
  { timeout: 180_000 }
);

after(async () => {
  await browser?.close();
  await project?.close();
});

test('two windows count together', { skip, timeout: 60_000 }, async () => {
  const context = await browser.newContext();
  const first = await openPage(context, project.server.url);
  await first.page.waitForURL(/\?rid=counter:[0-9a-f-]+$/);
  const second = await openPage(context, first.page.url());
  const shows = ({ page }, count) =>
    page.getByRole('heading', { name: count, exact: true }).waitFor();

  await shows(second, '0');
  await click(first.page, button('Increment'));
  await click(first.page, button('Increment'));
  await shows(second, '2');
  await click(second.page, button('Decrement'));
  await shows(first, '1');
  for (const { complaints } of [first, second]) {
    // Chromium asks for an icon that the tutorial has not.
    assert.deepEqual(complaints.filter((text) => !text.includes('404')), []);
  }
});
