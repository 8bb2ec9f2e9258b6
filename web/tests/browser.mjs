// Chromium on the pages of this folder's server.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "../scripts/serve.mjs";

/** Starts both. Chromium is found at $CHROMIUM, else /usr/bin/chromium; `more` are further arguments of its. */
export async function launch(more = []) {
  const { server, origin } = await serve();
  const profile = mkdtempSync(join(tmpdir(), "framewright-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
      "--enable-precise-memory-info",
      "--js-flags=--expose-gc",
      // Memory is counted when it is asked for, not minutes later with the next collection.
      "--enable-blink-features=ForceEagerMeasureMemory",
      ...more,
    ],
  });
  context.setDefaultTimeout(120_000);
  return {
    origin,
    context,
    /** A page that fails the test where anything is said on its console that is an error. */
    async page(path) {
      const page = await context.newPage();
      const problems = [];
      page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      page.on("pageerror", (error) => problems.push(String(error)));
      await page.goto(origin + path);
      return { page, problems };
    },
    async close() {
      await context.close();
      server.closeAllConnections();
      server.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Waits until a page has so many Workers. */
export async function workers(page, count) {
  const end = Date.now() + 10_000;
  while (page.workers().length !== count && Date.now() < end) {
    await new Promise((resume) => setTimeout(resume, 50));
  }
  return page.workers().length;
}
