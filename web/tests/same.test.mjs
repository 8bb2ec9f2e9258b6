// The same clip gives the same file: from the tool, in Node, and in Chromium.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Encoder } from "../dist/index.js";
import { launch } from "./browser.mjs";
import { CLIPS, CONTAINERS, encode } from "./clips.mjs";
import { byTool } from "./tool.mjs";

const module = readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

let browser;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "framewright-same-"));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

for (const [number, clip] of CLIPS.entries()) {
  for (const container of CONTAINERS) {
    test(`${clip.name}: ${container}`, async () => {
      const native = sha256(readFileSync(byTool(clip, join(folder, `clip.${container}`))));
      const inNode = sha256(await encode(Encoder, clip, { container, module, worker: false }));
      const { page, problems } = await browser.page("/tests/blank.html");
      const inPage = await page.evaluate(
        async ([index, container]) => {
          const { Encoder } = await import("/dist/index.js");
          const { CLIPS, encode } = await import("/tests/clips.mjs");
          const bytes = await encode(Encoder, CLIPS[index], { container });
          const digest = await crypto.subtle.digest("SHA-256", bytes);
          return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
        },
        [number, container],
      );
      await page.close();
      console.log(`  ${native}`);
      assert.equal(inNode, native, "Node against the tool");
      assert.equal(inPage, native, "Chromium against the tool");
      assert.deepEqual(problems, []);
    });
  }
}
