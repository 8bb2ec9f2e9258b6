// The README's three lines, as they are written.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, workers } from "./browser.mjs";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const MAIN = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const block = (text) => /```js\n(import \{ Encoder \}[\s\S]*?)```/.exec(text)?.[1];

test("three lines make a video", async () => {
  const code = block(README);
  assert.equal(code.trim().split("\n").filter(Boolean).length, 4, "an import and three lines");
  assert.equal(block(MAIN), code, "the main README has the same");
  const { page, problems } = await browser.page("/tests/blank.html");
  const played = await page.evaluate(async (code) => {
    const add = (name, properties) => document.head.append(Object.assign(document.createElement(name), properties));
    add("script", { type: "importmap", textContent: JSON.stringify({ imports: { framewright: "/dist/index.js" } }) });
    document.body.innerHTML = '<canvas width="160" height="90"></canvas><video muted></video>';
    window.canvas = document.querySelector("canvas");
    window.draw = (canvas, i) => {
      const context = canvas.getContext("2d");
      context.fillStyle = `hsl(${10 * i} 80% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    };
    add("script", { type: "module", textContent: code });
    const video = document.querySelector("video");
    await new Promise((resolve, reject) => {
      video.addEventListener("canplay", resolve, { once: true });
      video.addEventListener("error", () => reject(new Error(video.error.message)), { once: true });
    });
    const ended = new Promise((resolve) => video.addEventListener("ended", resolve, { once: true }));
    await video.play();
    await ended;
    return [video.videoWidth, video.videoHeight, video.duration];
  }, code);
  assert.deepEqual(played, [160, 90, 1]);
  assert.equal(await workers(page, 0), 0);
  assert.deepEqual(problems, []);
  await page.close();
});
