// HLS and DASH: the same files as the tool makes, in memory, in a folder of the browser's, and wherever there is an `open`.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Encoder } from "../dist/index.js";
import { launch } from "./browser.mjs";
import { encode } from "./clips.mjs";
import { byTool } from "./tool.mjs";

const module = readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url));
const inNode = { module, worker: false };

/** Long enough for some segments. */
const clip = {
  video: { width: 32, height: 32, frameRate: "10", keyframeInterval: 5 },
  audio: { sampleRate: 48_000, numberOfChannels: 1 },
  format: "rgba",
  frames: 32,
};
const SUBTITLES = [{ options: { language: "de" }, cues: [[200_000, 900_000, "eins"], [1_100_000, 1_600_000, "zwei"]] }];
const VTT = "WEBVTT\n\n00:00:00.200 --> 00:00:00.900\neins\n\n00:00:01.100 --> 00:00:01.600\nzwei\n";

/** Whether the module is one of `npm run build -- --full`. */
const leftOut = await new Encoder({ ...inNode, container: "hls", sink: "files" }).start().then(
  () => "",
  (error) => (error.message.includes("feature `segments`") ? error.message : ""),
);
const skip = leftOut !== "" && "not in this module: npm run build -- --full";

let browser;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "framewright-folders-"));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a module without them names the feature", { skip: leftOut === "" && "they are in this module" }, () => {
  assert.match(leftOut, /hls.*feature `segments`/);
});

/** What is in a folder, by name. */
const contents = (place) => new Map(readdirSync(place).map((name) => [name, readFileSync(join(place, name))]));

function assertSame(found, expected, what) {
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort(), what);
  for (const [name, bytes] of expected) {
    assert.ok(bytes.equals(found.get(name)), `${what}: ${name}`);
  }
}

for (const [container, manifest, options, flags] of [
  ["hls", "show.m3u8", { segmentDuration: 1000 }, ["--segment-duration", "1s"]],
  ["dash", "show.mpd", { segmentDuration: 1000, layout: "byte-ranges" }, ["--segment-duration", "1s", "--layout", "byte-ranges"]],
  // Segments that left the window are removed.
  ["hls", "live.m3u8", { segmentDuration: 500, liveWindow: 3 }, ["--segment-duration", "500ms", "--live-window", "3"]],
]) {
  test(`${manifest}, ${JSON.stringify(options)}`, { skip }, async () => {
    const place = join(folder, `${container}-${options.segmentDuration}`);
    mkdirSync(place);
    const cues = options.liveWindow ? [] : SUBTITLES;
    if (cues.length > 0) {
      writeFileSync(join(folder, "clip.de.vtt"), VTT);
      flags.push("--subtitle", join(folder, "clip.de.vtt"));
    }
    byTool(clip, join(place, manifest), flags, folder);
    const expected = contents(place);
    assert.ok(expected.size >= 4, [...expected.keys()].join(" "));
    const all = { container, name: manifest, ...options };
    assertSame(await encode(Encoder, clip, { ...all, ...inNode, sink: "files" }, cues), expected, "in Node");

    const { page, problems } = await browser.page("/tests/blank.html");
    const inPage = await page.evaluate(
      async ([clip, options, cues]) => {
        const { Encoder } = await import("/dist/index.js");
        const { encode } = await import("/tests/clips.mjs");
        const root = await navigator.storage.getDirectory();
        const place = await root.getDirectoryHandle("show", { create: true });
        const nothing = await encode(Encoder, clip, { ...options, sink: place }, cues);
        const files = [];
        for await (const [name, handle] of place.entries()) {
          files.push([name, [...new Uint8Array(await (await handle.getFile()).arrayBuffer())]]);
        }
        await root.removeEntry("show", { recursive: true });
        return nothing === undefined && files;
      },
      [clip, all, cues],
    );
    await page.close();
    assertSame(new Map(inPage.map(([name, bytes]) => [name, Buffer.from(bytes)])), expected, "in a folder of Chromium's");
    assert.deepEqual(problems, []);
  });
}

test("an object with `open` gets files as they are made; cancelled, it is told to remove them", { skip }, async () => {
  const run = async (end) => {
    const [done, removed, aborted] = [[], [], []];
    const sink = {
      async open(name) {
        return new WritableStream({ close: () => void done.push(name), abort: () => void aborted.push(name) });
      },
      remove: (name) => void removed.push(name),
    };
    // The tracks of `byte-ranges` are open to the end.
    const encoder = new Encoder({ ...inNode, container: "dash", layout: "byte-ranges", segmentDuration: 500, sink, maxWaiting: 1 });
    const video = encoder.addVideo({ ...clip.video, lowLatency: true });
    for (let i = 0; i < 30; i++) {
      await video.addFrame(new Uint8Array(1024).fill(8 * i), { format: "gray" });
    }
    await end(encoder);
    return { done: new Set(done), removed: new Set(removed), aborted };
  };
  const complete = await run((encoder) => encoder.close());
  assert.ok(complete.done.has("video.mpd") && complete.done.size >= 2, [...complete.done].join(" "));
  assert.deepEqual([complete.aborted, complete.removed.size], [[], 0]);
  const cancelled = await run((encoder) => encoder.cancel());
  assert.deepEqual(cancelled.removed, cancelled.done);
  assert.ok(cancelled.aborted.length > 0, "a track that was open");
});

test("what does not go together is refused by name", async () => {
  const refused = (options, words) =>
    assert.throws(() => new Encoder({ ...inNode, ...options }), { name: "FramewrightError", kind: "invalid-option", message: words });
  refused({ container: "hls" }, /sink.*HLS and DASH are several files: give "files"/);
  refused({ container: "dash", sink: new WritableStream() }, /sink.*several files/);
  refused({ sink: "files" }, /sink.*containers hls and dash/);
  refused({ name: "video.m3u8" }, /name.*is video\.m3u8.*hls and dash/);
  for (const name of ["", "..", "a/b.m3u8", "a\\b.m3u8"]) {
    refused({ container: "hls", sink: "files", name }, /name.*without a folder/);
  }
  refused({ container: "hls", sink: "files", seekable: true }, /seekable.*WritableStream/);
});
