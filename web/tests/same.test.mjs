// The same clip gives the same file: from the tool, in Node, and in Chromium.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Encoder } from "../dist/index.js";
import { launch } from "./browser.mjs";
import { CLIPS, CONTAINERS, encode, frame, sound } from "./clips.mjs";

const module = readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The tool: $FRAMEWRIGHT, else what is built already, else what is built now. */
function tool() {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const built = ["release", "debug"].map((profile) => join(root, "target", profile, "framewright"));
  const found = process.env.FRAMEWRIGHT ?? built.find((path) => existsSync(path));
  if (found) {
    return found;
  }
  execFileSync("cargo", ["build", "--locked", "--release"], { cwd: root, stdio: "inherit" });
  return built[0];
}

/** A WAV of 32-bit floats. */
function wav({ sampleRate, numberOfChannels }, blocks) {
  const frames = blocks.reduce((sum, block) => sum + block[0].length, 0);
  const bytes = Buffer.alloc(44 + 4 * frames * numberOfChannels);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(3, 20);
  bytes.writeUInt16LE(numberOfChannels, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(4 * sampleRate * numberOfChannels, 28);
  bytes.writeUInt16LE(4 * numberOfChannels, 32);
  bytes.writeUInt16LE(32, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  let at = 44;
  for (const block of blocks) {
    for (let n = 0; n < block[0].length; n++) {
      for (const channel of block) {
        at = bytes.writeFloatLE(channel[n], at);
      }
    }
  }
  return bytes;
}

/** What the tool calls the formats. */
const TOOL_FORMATS = { rgba: "rgba", rgb: "rgb24", i420: "yuv420p" };

function byTool(clip, container, folder) {
  const { width, height, frameRate, crf, keyframeInterval, preset } = clip.video;
  const indices = Array.from({ length: clip.frames }, (_, index) => index);
  const raw = join(folder, "clip.raw");
  const out = join(folder, `clip.${container}`);
  writeFileSync(raw, Buffer.concat(indices.map((index) => frame(clip, index))));
  const args = ["encode", raw, "--raw", `${width}x${height}@${frameRate}:${TOOL_FORMATS[clip.format]}`, "-o", out, "--overwrite"];
  if (clip.audio) {
    writeFileSync(join(folder, "clip.wav"), wav(clip.audio, indices.map((index) => sound(clip, index))));
    args.splice(2, 0, join(folder, "clip.wav"));
  }
  const named = { "--crf": crf, "--keyint": keyframeInterval, "--preset": preset, "--audio-bitrate": clip.audio?.bitRate };
  for (const [name, value] of Object.entries(named)) {
    if (value !== undefined) {
      args.push(name, String(value));
    }
  }
  execFileSync(tool(), args, { stdio: ["ignore", "ignore", "pipe"] });
  return readFileSync(out);
}

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
      const native = sha256(byTool(clip, container, folder));
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
