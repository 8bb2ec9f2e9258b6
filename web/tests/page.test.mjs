// The page in demo/: what a visitor does, and what comes of it.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, workers } from "./browser.mjs";

// Pictures of the page, to be looked at.
const SHOTS = fileURLToPath(new URL("../target/page", import.meta.url));

let browser;
let folder;
before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "framewright-page-"));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const set = (page, id, value) =>
  page.locator(`#${id}`).evaluate((element, value) => {
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);

/** Presses the button and waits for the video. */
async function make(page) {
  await page.click("#make");
  await page.waitForSelector("#download:not([hidden]), #error:not([hidden])");
  assert.equal(await page.textContent("#error"), "");
}

/** Plays the video to its end, then looks at it: sizes, a pixel in the middle of it, and how loud the sound is. */
const watch = (page, at, x, y) =>
  page.evaluate(
    async ([at, x, y]) => {
      const video = document.getElementById("video");
      video.loop = false;
      video.playbackRate = 2;
      const happens = (event) => new Promise((resolve) => video.addEventListener(event, resolve, { once: true }));
      const ended = happens("ended");
      await video.play();
      await ended;
      const seeked = happens("seeked");
      video.currentTime = at;
      await seeked;
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
      const context = canvas.getContext("2d");
      context.drawImage(video, 0, 0);
      const pixel = [...context.getImageData(x, y, 1, 1).data];
      const bytes = await (await fetch(video.src)).arrayBuffer();
      const size = bytes.byteLength;
      const sound = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(bytes).catch(() => null);
      // The strongest of the frequencies at the beginning of a note.
      const goertzel = (samples, frequency) => {
        let [re, im] = [0, 0];
        samples.forEach((sample, n) => {
          re += sample * Math.cos((2 * Math.PI * frequency * n) / 48_000);
          im += sample * Math.sin((2 * Math.PI * frequency * n) / 48_000);
        });
        return Math.hypot(re, im) / samples.length;
      };
      const part = sound?.getChannelData(0).slice(1_200, 7_200);
      const pitches = part && [180, 220, 260, 440, 660].map((frequency) => [frequency, goertzel(part, frequency)]);
      return {
        width: video.videoWidth,
        height: video.videoHeight,
        duration: video.duration,
        size,
        pixel,
        channels: sound?.numberOfChannels ?? 0,
        loudest: pitches?.sort((a, b) => b[1] - a[1])[0][0],
        soundLength: sound?.duration ?? 0,
      };
    },
    [at, x, y],
  );

const near = (found, expected, by, what) => assert.ok(Math.abs(found - expected) <= by, `${what}: ${found}, not ${expected}`);

for (const container of ["mp4", "webm"]) {
  test(`one click makes a video that plays: ${container}`, async () => {
    const { page, problems } = await browser.page("/demo/");
    if (container === "webm") {
      await page.check("input[value=webm]", { force: true });
    }
    await set(page, "length", 1);
    await page.screenshot({ path: join(SHOTS, `${container}-1-first.png`) });
    // The colour that the page draws in a corner at half a second, to be compared with.
    const expected = await page.evaluate(async () => {
      const { draw, tuneLevel } = await import("./animation.js");
      const context = new OffscreenCanvas(320, 180).getContext("2d");
      draw(context, 320, 180, 0.5, 1, tuneLevel(0.5));
      return [...context.getImageData(290, 20, 1, 1).data];
    });
    await page.click("#make");
    await page.waitForFunction(() => document.getElementById("progress").value > 0.3, null, { polling: 20 });
    await page.screenshot({ path: join(SHOTS, `${container}-2-encoding.png`) });
    await page.waitForSelector("#download:not([hidden]), #error:not([hidden])");
    const seen = await watch(page, 0.52, 290, 20);
    await page.screenshot({ path: join(SHOTS, `${container}-3-done.png`) });
    assert.deepEqual([seen.width, seen.height, seen.channels, seen.loudest], [320, 180, 2, 220]);
    near(seen.duration, 1, 0.03, "seconds");
    near(seen.soundLength, 1, 0.03, "seconds of sound");
    expected.forEach((level, channel) => near(seen.pixel[channel], level, 12, `channel ${channel} of a pixel`));
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    assert.equal(download.suggestedFilename(), `framewright.${container}`);
    assert.equal(await workers(page, 0), 0);
    assert.deepEqual(problems, []);
    await page.close();
  });
}

test("cancelling ends the Worker, and the page goes on", async () => {
  const { page, problems } = await browser.page("/demo/");
  await set(page, "length", 20);
  await page.click("#make");
  await page.waitForFunction(() => document.getElementById("progress").value > 0, null, { polling: 20 });
  assert.equal(page.workers().length, 1);
  await page.click("#cancel");
  await page.waitForFunction(() => document.getElementById("status").textContent.startsWith("Cancelled"));
  assert.equal(await workers(page, 0), 0);
  assert.ok(await page.isVisible("#make"));
  assert.ok(await page.isHidden("#error"));
  assert.deepEqual(problems, []);
  await page.close();
});

test("a drawing by hand becomes a video", async () => {
  const { page, problems } = await browser.page("/demo/");
  await page.click("#draw");
  assert.ok(await page.isVisible("#tools"));
  await page.click("#make");
  assert.match(await page.textContent("#error"), /Nothing is recorded yet\. Press Record/);
  const box = await page.locator("#canvas").boundingBox();
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  const stroke = async (from, to) => {
    await page.mouse.move(...at(...from));
    await page.mouse.down();
    await page.mouse.move(...at(...to), { steps: 8 });
    await page.mouse.up();
  };
  // A red line that is there before, a green one by the pointer, and a blue one by keys.
  await page.check("input[name=colour][value='#d4343f']", { force: true });
  await set(page, "width", 4);
  await stroke([0.1, 0.2], [0.9, 0.2]);
  assert.equal(await page.textContent("#width-text"), "very broad");
  await page.click("#record");
  assert.equal(await page.textContent("#record"), "Stop");
  await page.waitForTimeout(400);
  await page.check("input[name=colour][value='#2f9e57']", { force: true });
  await stroke([0.1, 0.8], [0.9, 0.8]);
  await page.check("input[name=colour][value='#2f6fd6']", { force: true });
  await page.focus("#canvas");
  // From where the pointer was to the middle of the paper.
  for (let i = 0; i < 15; i++) await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Space");
  assert.match(await page.textContent("#status"), /pen is down/);
  for (let i = 0; i < 12; i++) await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Escape");
  assert.match(await page.textContent("#status"), /pen is up/);
  await page.screenshot({ path: join(SHOTS, "drawing-1-recording.png") });
  await page.click("#record");
  assert.match(await page.textContent("#status"), /Recorded \d\.\d seconds/);
  const seconds = Number.parseFloat(await page.textContent("#clock"));
  await page.selectOption("#rate", "12");
  await make(page);
  const first = await watch(page, 0.04, 160, 36);
  near(first.duration, seconds, 0.15, "seconds");
  assert.equal(first.channels, 0);
  const colours = { red: [212, 52, 63], green: [47, 158, 87], blue: [47, 111, 214], paper: [255, 255, 255] };
  const looks = (pixel, name) => colours[name].forEach((level, i) => near(pixel[i], level, 32, `${name}, channel ${i}`));
  looks(first.pixel, "red");
  looks((await watch(page, 0.04, 160, 144)).pixel, "paper");
  const last = first.duration - 0.05;
  looks((await watch(page, last, 160, 144)).pixel, "green");
  looks((await watch(page, last, 200, 90)).pixel, "blue");
  await page.screenshot({ path: join(SHOTS, "drawing-2-done.png") });
  // A new sheet and another recording; on a telephone too.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.click("#clear");
  assert.ok(await page.isVisible("#canvas"));
  await page.click("#record");
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(SHOTS, "drawing-3-narrow.png"), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `${wide} pixels wide`);
  await make(page);
  looks((await watch(page, 0.04, 160, 36)).pixel, "paper");
  await page.click("#reset");
  assert.ok(await page.isHidden("#tools"));
  assert.deepEqual(problems, []);
  await page.close();
});

/** A GIF of three frames of one colour each: red for 200 ms, green for 400, blue for 300. */
function gif() {
  const head = [..."GIF89a"].map((letter) => letter.charCodeAt(0));
  const screen = [8, 0, 8, 0, 0x91, 0, 0];
  const palette = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0];
  const frame = (color, hundredths) => {
    // 64 pixels without compression: a clear code before every second, so that codes stay 3 bits wide.
    const codes = [];
    for (let i = 0; i < 32; i++) {
      codes.push(4, color, color);
    }
    codes.push(5);
    const bytes = [];
    codes.forEach((code, index) => {
      for (let bit = 0; bit < 3; bit++) {
        const at = 3 * index + bit;
        bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (((code >> bit) & 1) << (at & 7));
      }
    });
    return [0x21, 0xf9, 4, 0, hundredths, 0, 0, 0, 0x2c, 0, 0, 0, 0, 8, 0, 8, 0, 0, 2, bytes.length, ...bytes, 0];
  };
  return Buffer.from([...head, ...screen, ...palette, ...frame(0, 20), ...frame(1, 40), ...frame(2, 30), 0x3b]);
}

/** Half a second of a tone in 16 bits. */
function wav() {
  const bytes = Buffer.alloc(44 + 48_000);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  [16, 1, 1].reduce((at, value, i) => (i === 0 ? bytes.writeUInt32LE(value, at) : bytes.writeUInt16LE(value, at)), 16);
  bytes.writeUInt32LE(48_000, 24);
  bytes.writeUInt32LE(96_000, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(48_000, 40);
  for (let n = 0; n < 24_000; n++) {
    bytes.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * 440 * n) / 48_000)), 44 + 2 * n);
  }
  return bytes;
}

test("a GIF keeps its times", async () => {
  const { page, problems } = await browser.page("/demo/");
  await page.setInputFiles("#files", { name: "colours.gif", mimeType: "image/gif", buffer: gif() });
  assert.match(await page.textContent("#source-name"), /a GIF: colours\.gif/);
  await make(page);
  const seen = await watch(page, 0.4, 160, 90);
  near(seen.duration, 0.9, 0.01, "seconds");
  assert.ok(seen.pixel[1] > 200 && seen.pixel[0] < 60 && seen.pixel[2] < 60, `green, not ${seen.pixel}`);
  assert.deepEqual(problems, []);
  await page.close();
});

test("pictures with a sound, and a video of before", async () => {
  const { page, problems } = await browser.page("/demo/");
  const pictures = await page.evaluate(async () => {
    const picture = async (color) => {
      const canvas = new OffscreenCanvas(64, 36);
      const context = canvas.getContext("2d");
      context.fillStyle = color;
      context.fillRect(0, 0, 64, 36);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    };
    return [await picture("#f00"), await picture("#00f")];
  });
  const files = pictures.map((bytes, index) => ({ name: `${index + 9}.png`, mimeType: "image/png", buffer: Buffer.from(bytes) }));
  await page.selectOption("#rate", "12");
  await page.setInputFiles("#files", [...files, { name: "tone.wav", mimeType: "audio/wav", buffer: wav() }]);
  await make(page);
  const seen = await watch(page, 0.04, 160, 90);
  assert.deepEqual([seen.channels, seen.loudest], [1, 440]);
  near(seen.soundLength, 0.5, 0.03, "seconds of sound");
  assert.ok(seen.pixel[0] > 200 && seen.pixel[2] < 60, `red, not ${seen.pixel}: 9 comes before 10`);

  const made = await page.evaluate(async () => [...new Uint8Array(await (await fetch(document.getElementById("video").src)).arrayBuffer())]);
  writeFileSync(join(folder, "made.mp4"), Buffer.from(made));
  await page.setInputFiles("#files", join(folder, "made.mp4"));
  await make(page);
  const again = await watch(page, 0.04, 160, 90);
  assert.ok(again.pixel[0] > 200 && again.pixel[2] < 60, `red, not ${again.pixel}`);
  assert.equal(again.loudest, 440);
  assert.deepEqual(problems, []);
  await page.close();
});

test("a sound alone is drawn", async () => {
  const { page, problems } = await browser.page("/demo/");
  await page.setInputFiles("#files", { name: "tone.wav", mimeType: "audio/wav", buffer: wav() });
  await make(page);
  const seen = await watch(page, 0.2, 10, 10);
  near(seen.duration, 0.5, 0.05, "seconds");
  assert.equal(seen.loudest, 440);
  assert.deepEqual(problems, []);
  await page.close();
});

test("what cannot be used is said, and what to do", async () => {
  const { page, problems } = await browser.page("/demo/");
  const give = (name, mimeType) => page.setInputFiles("#files", { name, mimeType, buffer: Buffer.from("no such thing") });
  await give("notes.txt", "text/plain");
  assert.match(await page.textContent("#error"), /“notes\.txt” is neither a picture, a video nor a sound\. Choose/);
  await page.screenshot({ path: join(SHOTS, "error.png") });
  for (const [name, type, words] of [
    ["broken.gif", "image/gif", /“broken\.gif” cannot be read as a GIF/],
    ["broken.png", "image/png", /“broken\.png” cannot be read as a picture/],
    ["broken.wav", "audio/wav", /“broken\.wav” cannot be read by this browser\. A WAV works/],
    ["broken.mp4", "video/mp4", /“broken\.mp4” cannot be played by this browser/],
  ]) {
    await give(name, type);
    await page.click("#make");
    await page.waitForSelector("#error:not([hidden])");
    assert.match(await page.textContent("#error"), words);
    assert.ok(await page.isVisible("#make"));
  }
  assert.deepEqual(problems, []);
  await page.close();
});

test("a module that cannot be had is said", async () => {
  const { page } = await browser.page("/tests/blank.html");
  await page.route("**/*.wasm", (route) => route.fulfill({ status: 503 }));
  await page.goto(`${browser.origin}/demo/`);
  await page.click("#make");
  await page.waitForSelector("#error:not([hidden])");
  assert.match(await page.textContent("#error"), /could not be loaded: .*503.*Reload/);
  await page.close();
});
