// Headless Chromium, and pages that write down what their sockets receive.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const launchChromium = () => {
  if (!existsSync(executablePath)) {
    throw new Error(`no Chromium at ${executablePath}: install it or name it in CHROMIUM`);
  }
  // Playwright gives each launch a profile of its own.
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
};

/**
 * A page with `received`, the text of every WebSocket frame so far, and
 * `complaints`, what went wrong in it.
 */
export const openPage = async (context, address) => {
  const page = await context.newPage();
  const received = [];
  const complaints = [];
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => received.push(String(payload)));
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complaints.push(message.text());
    }
  });
  page.setDefaultTimeout(10_000);
  await page.goto(address);
  return { page, received, complaints };
};

/**
 * Clicks in the window that is in front: in the others Chromium draws a frame
 * a second, and Playwright waits for frames before it clicks.
 */
export const click = async (page, find) => {
  await page.bringToFront();
  await find(page).click();
};

/** The button of this name. */
export const button = (name) => (page) => page.getByRole('button', { name });

/** The element with this test id. */
export const byId = (id) => (page) => page.getByTestId(id);
