// The numbers of this package, each printed as it is found: `npm run measure`.
//
//   node scripts/measure.mjs start    from the import of the library to the first frame that was accepted
//   node scripts/measure.mjs memory   of a page after 2 and after 20 encodes in it
//   node scripts/measure.mjs workers  groups of pictures in two Workers against one, in a page
//   node scripts/measure.mjs speed    encoding here against the tool of one thread in pure Rust, $FRAMEWRIGHT_ONE, built by
//                                     cargo build --release --no-default-features --features cli
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "../tests/browser.mjs";
import { encodeClips, memoryOf } from "../tests/memory.mjs";
import { frame } from "./clip.mjs";
import "./size.mjs";

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const whole = (numbers) => numbers.map((number) => Math.round(number)).join(", ");

/** Milliseconds from the import of the library in a page to the first frame that was accepted. */
const firstFrame = (page) =>
  page.evaluate(async () => {
    const start = performance.now();
    const { Encoder } = await import("/dist/index.js");
    const encoder = new Encoder();
    const video = encoder.addVideo({ width: 320, height: 180 });
    await video.addFrame(new Uint8Array(320 * 180 * 4));
    const took = performance.now() - start;
    await encoder.close();
    return took;
  });

async function start(rounds = 7) {
  const [cold, warm] = [[], []];
  for (let i = 0; i < rounds; i++) {
    // A new profile each.
    const browser = await launch();
    const { page } = await browser.page("/tests/blank.html");
    cold.push(await firstFrame(page));
    await page.close();
    const again = (await browser.page("/tests/blank.html")).page;
    warm.push(await firstFrame(again));
    await browser.close();
  }
  console.log(`first frame accepted, new profile: median ${median(cold).toFixed(0)} ms of ${whole(cold)}`);
  console.log(`first frame accepted, profile of before: median ${median(warm).toFixed(0)} ms of ${whole(warm)}`);
}

async function memory() {
  const browser = await launch();
  const { page } = await browser.page("/tests/blank.html");
  const said = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  let done = 0;
  for (const count of [2, 20]) {
    const modules = await encodeClips(page, count - done);
    done = count;
    const { workers, heap, agent } = await memoryOf(page);
    console.log(
      `after ${count} encodes: linear memory of the last ${said(modules.at(-1))}, gone with its Workers (${workers} left); ` +
        `the page has ${said(agent)} by the browser's count, ${said(heap)} of it on the heap of JavaScript`,
    );
  }
  await browser.close();
}

const CLIP = { width: 320, height: 240, frames: 30 };

/** Seconds and the bytes' hash of a clip of four groups, encoded in a page by so many Workers. */
const grouped = (page, clip) =>
  page.evaluate(async ({ workers, width, height, frames }) => {
    const [{ Encoder }, { frame }] = await Promise.all([import("/dist/index.js"), import("/scripts/clip.mjs")]);
    const encoder = new Encoder({ workers });
    const video = encoder.addVideo({ width, height, frameRate: 25, keyframeInterval: frames / 4 });
    await encoder.start();
    const before = performance.now();
    for (let index = 0; index < frames; index++) {
      await video.addFrame(frame(index, { width, height }), { transfer: true });
    }
    const bytes = await encoder.close();
    const seconds = (performance.now() - before) / 1000;
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    return [seconds, new Uint8Array(hash).toHex?.() ?? String(new Uint8Array(hash))];
  }, clip);

/** Pictures: what a group costs beside its own, some pictures of the next, is little where groups are not short. */
const LONG = 160;

async function workers(rounds = 3) {
  const browser = await launch();
  const { page } = await browser.page("/tests/blank.html");
  const ratios = [];
  for (let i = 0; i < rounds; i++) {
    const [one, two] = [await grouped(page, { ...CLIP, frames: LONG, workers: 1 }), await grouped(page, { ...CLIP, frames: LONG, workers: 2 })];
    if (one[1] !== two[1]) {
      throw new Error("the bytes differ");
    }
    ratios.push(one[0] / two[0]);
    console.log(`  one Worker ${(LONG / one[0]).toFixed(2)} frames/s, two ${(LONG / two[0]).toFixed(2)}, ratio ${ratios[i].toFixed(2)}`);
  }
  await browser.close();
  console.log(`two Workers against one, the same bytes: median ratio ${median(ratios).toFixed(2)}`);
}

const frames = () => Array.from({ length: CLIP.frames }, (_, index) => frame(index, CLIP));
const frameRate = 25;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Seconds of one encode in this process, after one that nobody times. */
async function inNode() {
  const { Encoder } = await import("../dist/index.js");
  const module = await WebAssembly.compile(readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url)));
  const encode = async (frames) => {
    const encoder = new Encoder({ module, worker: false });
    const video = encoder.addVideo({ width: CLIP.width, height: CLIP.height, frameRate });
    for (const frame of frames) {
      await video.addFrame(frame);
    }
    return encoder.close();
  };
  const all = frames();
  await encode(all.slice(0, 6));
  const before = performance.now();
  const bytes = await encode(all);
  return [(performance.now() - before) / 1000, sha256(bytes)];
}

/** What both are timed by is the clock: one thread each, one after the other, in pairs. */
function speed(rounds = 5) {
  const tool = process.env.FRAMEWRIGHT_ONE;
  if (!tool) {
    throw new Error("$FRAMEWRIGHT_ONE: name a tool built by cargo build --release --no-default-features --features cli");
  }
  const folder = mkdtempSync(join(tmpdir(), "framewright-speed-"));
  try {
    const [raw, out] = [join(folder, "clip.raw"), join(folder, "clip.mp4")];
    writeFileSync(raw, Buffer.concat(frames()));
    const args = ["encode", raw, "--raw", `${CLIP.width}x${CLIP.height}@${frameRate}:rgba`, "-o", out, "--overwrite", "--threads", "1"];
    console.log(`native: ${tool} ${args.join(" ")}`);
    const rows = [];
    for (let i = 0; i < rounds; i++) {
      const before = performance.now();
      execFileSync(tool, args, { stdio: "ignore" });
      const native = (performance.now() - before) / 1000;
      const here = JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), "--once"]).toString().trim().split("\n").at(-1));
      if (here[1] !== sha256(readFileSync(out))) {
        throw new Error("the bytes differ");
      }
      rows.push([native, here[0]]);
      console.log(`  native ${(CLIP.frames / native).toFixed(2)} frames/s, Node ${(CLIP.frames / here[0]).toFixed(2)}, ratio ${(native / here[0]).toFixed(3)}`);
    }
    console.log(`wasm against native, one core, the same bytes: median ratio ${median(rows.map(([a, b]) => a / b)).toFixed(3)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const what = process.argv[2];
if (what === "--once") {
  console.log(JSON.stringify(await inNode()));
} else {
  // All of them, or the one that is named.
  const runs = { start, memory, workers, speed };
  for (const [name, measure] of Object.entries(runs)) {
    if (what === undefined || what === name) await measure();
  }
}
