// Groups of pictures in Workers of their own: the bytes are those of one Worker.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, workers } from "./browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Encodes in the page as each of `cases` says, and gives what came of it: a digest, key frames, the most Workers. */
async function encodeAs(page, cases) {
  const results = [];
  for (const options of cases) {
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, page.workers().length)), 5);
    const result = await page.evaluate(async ({ frames, video, sound, ...options }) => {
      const { Encoder } = await import("/dist/index.js");
      const { width, height } = video;
      const encoder = new Encoder(options);
      const pictures = encoder.addVideo(video);
      const audio = sound && encoder.addAudio({ sampleRate: 48000, numberOfChannels: 1 });
      for (let n = 0; n < frames; n++) {
        // Blocks that move, and another scene from frame 20 on.
        const bytes = new Uint8Array(width * height * 4);
        for (let p = 0; p < width * height; p++) {
          const [x, y] = [(p % width) + 2 * n, Math.floor(p / width) + n];
          const level = ((x >> 3) * 37 + (y >> 3) * 91) & 255;
          bytes.set([level, n < 20 ? level : 255 - level, (x * y) & 63, 255], 4 * p);
        }
        await pictures.addFrame(bytes, { keyFrame: n === 11 });
        await audio?.addSamples([new Float32Array(1600).fill(Math.sin(n) / 2)]);
      }
      const file = await encoder.close();
      const digest = await crypto.subtle.digest("SHA-256", file);
      const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
      return { hex, keys: encoder.report.streams[0].keyFrames, frames: encoder.report.streams[0].frames };
    }, options);
    clearInterval(watch);
    results.push({ ...result, most });
    assert.equal(await workers(page, 0), 0, "Workers that are left");
  }
  return results;
}

/** Whether the module was built without what these options ask for. */
const isLeftOut = (page, options) =>
  page.evaluate(async ({ container, video }) => {
    const { Encoder } = await import("/dist/index.js");
    const encoder = new Encoder({ container });
    encoder.addVideo(video);
    const kind = await encoder.start().then(
      () => undefined,
      (error) => error.kind,
    );
    await encoder.cancel();
    return kind === "unsupported";
  }, options);

const video = { width: 96, height: 64, keyframeInterval: 8 };

for (const [name, settings] of Object.entries({
  "MP4 with sound": { container: "mp4", frames: 36, video, sound: true },
  "WebM with transparency": { container: "webm", frames: 20, video: { ...video, alpha: true } },
  "low latency": { container: "mp4", frames: 20, video: { ...video, lowLatency: true } },
  "ten bits, low latency": {
    container: "mp4",
    frames: 20,
    video: { ...video, pixelFormat: "yuv420p10", lowLatency: true },
    isOfFull: true,
  },
  "scenes by the search for motion, noise taken out": {
    isOfFull: true,
    container: "webm",
    frames: 30,
    video: { ...video, denoise: 3, extra: { scene_detection: "motion" } },
  },
  "a group of each frame": { container: "mp4", frames: 12, video: { ...video, keyframeInterval: 1 } },
  "shorter than the engine looks ahead": { container: "mp4", frames: 2, video },
  "a bit rate, which is of one Worker": { container: "mp4", frames: 12, video: { ...video, bitRate: 200_000 } },
})) {
  test(`the bytes of one Worker: ${name}`, async (context) => {
    const { isOfFull, ...options } = settings;
    const { page, problems } = await browser.page("/tests/blank.html");
    if (isOfFull && (await isLeftOut(page, options))) {
      context.skip("the module was built without `--full`");
      await page.close();
      return;
    }
    const [one, two, three] = await encodeAs(page, [1, 2, 3].map((workers) => ({ ...options, workers })));
    assert.equal(one.frames, options.frames);
    assert.deepEqual({ ...two, most: 0 }, { ...one, most: 0 });
    assert.deepEqual({ ...three, most: 0 }, { ...one, most: 0 });
    assert.equal(one.most, 1);
    if (!options.video.bitRate && one.keys > 1) {
      assert.ok(two.most > 2, `${two.most} Workers were at work, one of them the muxer's`);
    }
    assert.deepEqual(problems, []);
    await page.close();
  });
}

test("a Worker that fails ends the encoder, and cancelling ends all Workers", async () => {
  const { page, problems } = await browser.page("/tests/blank.html");
  const said = await page.evaluate(async () => {
    const { Encoder } = await import("/dist/index.js");
    const frame = new Uint8Array(64 * 64 * 4);
    const feed = async (encoder, frames) => {
      const video = encoder.addVideo({ width: 64, height: 64, keyframeInterval: 4 });
      for (let n = 0; n < frames; n++) await video.addFrame(frame.fill(5 * n));
    };
    const cancelled = new Encoder({ workers: 2 });
    await feed(cancelled, 14);
    await cancelled.cancel();
    const refused = [];
    await cancelled.close().catch((error) => refused.push(error.name));
    for (const workers of [0, 65, 1.5]) {
      try {
        new Encoder({ workers });
      } catch (error) {
        refused.push(error.kind);
      }
    }
    // What a group is made from is wrong only there.
    const failing = new Encoder({ workers: 2 });
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, transfer) {
      return post.call(this, message.do === "beginGroup" ? { ...message, width: 80 } : message, transfer);
    };
    try {
      await feed(failing, 14);
      await failing.close();
    } catch (error) {
      refused.push(error.kind, /64x64|80x64/.test(error.message));
    } finally {
      Worker.prototype.postMessage = post;
    }
    return refused;
  });
  assert.deepEqual(said, ["AbortError", "invalid-option", "invalid-option", "invalid-option", "invalid-input", true]);
  assert.equal(await workers(page, 0), 0);
  assert.deepEqual(problems, []);
  await page.close();
});
