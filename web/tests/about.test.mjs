// Subtitles, chapters, covers and layouts: the same file as the tool makes, in Node and in Chromium.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Encoder } from "../dist/index.js";
import { launch } from "./browser.mjs";
import { CLIPS, encode } from "./clips.mjs";
import { byTool, tool } from "./tool.mjs";

const module = readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url));
const inNode = { module, worker: false };
const [clip] = CLIPS;

/** A grey pixel. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
const SUBTITLES = [
  { options: { language: "de" }, cues: [[0, 200_000, "<i>Hallo</i>"], [100_000, 360_000, "und\nnoch eins", { settings: "line:0" }]] },
  { options: { language: "pt-BR", title: "Signs", forced: true }, cues: [[40_000, 80_000, "Olá &amp; adeus", { identifier: "7" }]] },
];
const CHAPTERS = [{ start: 0, title: "Start" }, { start: 240_000, title: "Over the hill" }];
const TAGS = { title: "The walk", artist: "Ada" };
const CREATED = "2026-11-24T18:30:00Z";

let browser;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "framewright-about-"));
  browser = await launch();
  const stamp = (time) => `00:00:00.${String(time / 1000).padStart(3, "0")}`;
  for (const { options, cues } of SUBTITLES) {
    const texts = cues.map(([start, end, text, { identifier = "", settings = "" } = {}]) => {
      return `${identifier && `${identifier}\n`}${stamp(start)} --> ${stamp(end)} ${settings}\n${text}\n`;
    });
    writeFileSync(join(folder, `clip.${options.language}.vtt`), `WEBVTT\n\n${texts.join("\n")}`);
  }
  writeFileSync(join(folder, "chapters.txt"), CHAPTERS.map(({ start, title }) => `${stamp(start)} ${title}\n`).join(""));
  writeFileSync(join(folder, "cover.png"), Buffer.from(PNG, "base64"));
  writeFileSync(join(folder, "notes.ttf"), "no font");
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const flags = {
  subtitles: () => [
    ...SUBTITLES.flatMap(({ options }) => ["--subtitle", join(folder, `clip.${options.language}.vtt`)]),
    ...["--track", "subtitle:1:title=Signs", "--track", "subtitle:1:forced=true"],
  ],
  chapters: () => ["--chapters", join(folder, "chapters.txt")],
  cover: () => ["--cover", join(folder, "cover.png")],
  attachments: () => ["--attach", join(folder, "notes.ttf")],
  tags: () => Object.entries(TAGS).flatMap((tag) => ["--metadata", tag.join("=")]),
  creationTime: () => ["--creation-time", CREATED],
};

for (const [container, layout, ...said] of [
  ["mp4", "faststart", "subtitles", "chapters", "cover", "tags", "creationTime"],
  ["mp4", "recoverable", "subtitles"],
  ["mov", "plain", "chapters", "cover", "tags"],
  ["webm", "plain", "subtitles", "chapters", "tags"],
  ["webm", "faststart", "creationTime"],
  ["matroska", "faststart", "subtitles", "chapters", "cover", "attachments", "creationTime"],
]) {
  test(`${container}, ${layout}: ${said.join(", ")}`, async () => {
    const sound = container === "mov" ? { ...clip, audio: undefined, video: { ...clip.video, codec: "av1" } } : clip;
    const more = ["--container", container, "--layout", layout, ...said.flatMap((name) => flags[name]())];
    if (container === "mov") {
      more.push("--video-codec", "av1");
    }
    const expected = readFileSync(byTool(sound, join(folder, `told.${container}`), more));
    const cues = said.includes("subtitles") ? SUBTITLES : [];
    const options = {
      container,
      layout,
      tags: said.includes("tags") ? TAGS : undefined,
      chapters: said.includes("chapters") ? CHAPTERS : undefined,
      cover: said.includes("cover") ? new Uint8Array(Buffer.from(PNG, "base64")) : undefined,
      attachments: said.includes("attachments") ? [{ name: "notes.ttf", mediaType: "font/ttf", data: new Blob(["no font"]) }] : undefined,
      creationTime: said.includes("creationTime") ? new Date(CREATED) : undefined,
    };
    const here = await encode(Encoder, sound, { ...options, ...inNode }, cues);
    assert.ok(expected.equals(here), "Node against the tool");
    if (container !== "mp4") {
      return;
    }
    // What crosses to a Worker is the same everywhere: once is enough, with a cover that is a Blob.
    const { page, problems } = await browser.page("/tests/blank.html");
    const inPage = await page.evaluate(
      async ([clip, { cover, creationTime, ...options }, cues]) => {
        const { Encoder } = await import("/dist/index.js");
        const { encode } = await import("/tests/clips.mjs");
        const png = cover && (await (await fetch(`data:image/png;base64,${cover}`)).blob());
        const created = creationTime && new Date(creationTime);
        return [...(await encode(Encoder, clip, { ...options, cover: png, creationTime: created }, cues))];
      },
      [sound, { ...options, cover: options.cover && PNG, creationTime: options.creationTime && CREATED }, cues],
    );
    await page.close();
    assert.ok(expected.equals(Buffer.from(inPage)), "Chromium against the tool");
    assert.deepEqual(problems, []);
  });
}

test("what the file says is read back by the tool", async () => {
  const bytes = await encode(Encoder, clip, { ...inNode, chapters: CHAPTERS, tags: TAGS }, SUBTITLES);
  writeFileSync(join(folder, "back.mp4"), bytes);
  const said = execFileSync(tool(), ["inspect", join(folder, "back.mp4")]).toString();
  for (const word of ["webvtt", "Over the hill", "The walk", "pt-BR"]) {
    assert.ok(said.includes(word), `${word} in:\n${said}`);
  }
});

test("the layout faststart goes to any sink, and with room for the index to a file as it comes", async () => {
  const expected = readFileSync(byTool(clip, join(folder, "front.mp4"), ["--layout", "faststart"]));
  const parts = [];
  await encode(Encoder, clip, { ...inNode, layout: "faststart", sink: new WritableStream({ write: (part) => void parts.push(part) }) });
  assert.ok(expected.equals(Buffer.concat(parts)), "a stream that only goes on");
  // 100 kB are more than the clip: the first of them are written before the end.
  const room = readFileSync(byTool(clip, join(folder, "room.mp4"), ["--layout", "faststart", "--index-reserve", "100000"]));
  const file = Buffer.alloc(room.length);
  const positions = [];
  const sink = new WritableStream({
    write({ position, data }) {
      positions.push(position);
      file.set(data, position);
    },
  });
  await encode(Encoder, clip, { ...inNode, layout: "faststart", indexReserve: 100_000, sink, seekable: true });
  assert.ok(room.equals(file), "a file that takes corrections");
  assert.ok(positions.length > 2 && positions.some((position, i) => position < (positions[i - 1] ?? 0)), String(positions));
});

test("pictures wait for cues until they are told that none come", async () => {
  const written = [];
  const sink = new WritableStream({ write: (part) => void written.push(part.length) });
  const encoder = new Encoder({ ...inNode, container: "webm", sink, maxWaiting: 1, fragmentDuration: 100 });
  const video = encoder.addVideo({ width: 32, height: 32, frameRate: 10, lowLatency: true, keyframeInterval: 5 });
  const subtitles = encoder.addSubtitles();
  const add = async (count) => {
    for (let i = 0; i < count; i++) await video.addFrame(new Uint8Array(1024).fill(i), { format: "gray" });
  };
  const total = () => written.reduce((sum, length) => sum + length, 0);
  await add(30);
  const before = total();
  await subtitles.advanceTo(2_000_000);
  await add(1);
  const between = total();
  assert.ok(between > before, `${before}, then ${between}`);
  await subtitles.addCue(2_500_000, 3_500_000, "late");
  await assert.rejects(
    async () => {
      await subtitles.addCue(1_000_000, 1_500_000, "too late");
    },
    { kind: "invalid-input", message: /begins later came before it/ },
  );
  await subtitles.end();
  await assert.rejects(subtitles.addCue(3_000_000, 4_000_000, "after the end"), { kind: "state", message: /were ended/ });
  await encoder.close();
  const [, report] = encoder.report.streams;
  assert.deepEqual([report.kind, report.cues, report.codec], ["subtitles", 1, "webvtt"]);
});

test("what the file cannot say is refused by name", async () => {
  const refused = async (options, kind, words, feed = () => {}) => {
    await assert.rejects(
      async () => {
        const encoder = new Encoder({ ...inNode, ...options });
        const video = encoder.addVideo({ width: 32, height: 32 });
        await feed(encoder);
        await video.addFrame(new Uint8Array(1024), { format: "gray" });
      },
      { name: "FramewrightError", kind, message: words },
    );
  };
  const cover = new Uint8Array(Buffer.from(PNG, "base64"));
  await refused({ cover: new Uint8Array(9) }, "invalid-option", /cover.*JPEG or PNG/);
  await refused({ cover: "cover.png" }, "invalid-option", /cover.*Uint8Array or a Blob/);
  await refused({ container: "webm", cover }, "unsupported", /cover/);
  await refused({ chapters: [{ start: 5, title: "b" }, { start: 5, title: "c" }] }, "invalid-option", /chapters.*after the one before/);
  await refused({ chapters: [{ start: "0", title: "b" }] }, "invalid-option", /chapters.*microseconds/);
  await refused({ chapters: "0:00 Start" }, "invalid-option", /chapters.*an array/);
  await refused({ attachments: [{ name: "x", mediaType: "font/ttf", data: cover }] }, "unsupported", /attach/);
  await refused({ creationTime: CREATED }, "invalid-option", /creationTime.*a Date/);
  await refused({ layout: "fronted" }, "invalid-option", /layout.*faststart/);
  await refused({ layout: "live" }, "invalid-option", /layout.*is live.*faststart/);
  await refused({ seekable: true }, "invalid-option", /seekable.*WritableStream/);
  await refused({ container: "mov" }, "unsupported", /subtitles/, (encoder) => void encoder.addSubtitles());
  await refused({}, "invalid-option", /language/, (encoder) => void encoder.addSubtitles({ language: "no language" }));
  await refused({}, "invalid-input", /`end`.*microseconds/, async (encoder) => encoder.addSubtitles().addCue(0, "1", "text"));
  await refused({ maxWaiting: 1 }, "invalid-input", /no text/, async (encoder) => encoder.addSubtitles().addCue(0, 1_000_000, " "));
});
