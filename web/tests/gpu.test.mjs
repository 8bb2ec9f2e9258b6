// Colours on a GPU: the bytes are those of the CPU. Chromium brings a GPU of software along.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Encoder } from "../dist/index.js";
import { launch } from "./browser.mjs";

const module = readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url));

let browser;
before(async () => {
  browser = await launch(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);
});
after(() => browser?.close());

/** Encodes in a page, with a GPU and without; gives what the report says of it, and whether the bytes are the same. */
async function both(options, how, gpu = true) {
  const { page, problems } = await browser.page("/tests/blank.html");
  const result = await page.evaluate(
    async ([options, how, gpu]) => {
      const { Encoder } = await import("/dist/index.js");
      const { width, height } = options;
      // All levels and some that are transparent, so that every coefficient counts.
      const frame = (n) => {
        let seed = n + 1;
        return Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => {
          seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
          const level = seed >>> 24;
          return i % 4 === 3 && level > 60 ? 255 : level;
        });
      };
      const make = async (gpu) => {
        const encoder = new Encoder({ container: "webm", ...how.encoder });
        const video = encoder.addVideo({ crf: options.codec ? undefined : 8, ...options, frameRate: 10, gpu });
        for (let n = 0; n < 5; n++) {
          const image = new ImageData(frame(n), width, height);
          if (how.canvas) {
            const canvas = new OffscreenCanvas(width, height);
            canvas.getContext("2d").putImageData(image, 0, 0);
            await video.addFrame(canvas);
          } else {
            await video.addFrame(new Uint8Array(image.data.buffer), { format: how.format, width, height });
          }
        }
        return [await encoder.close(), encoder.report.streams[0].gpu];
      };
      const [[cpu, none], [other, report]] = [await make(false), await make(gpu)];
      return { same: cpu.length === other.length && cpu.every((byte, i) => byte === other[i]), report, none: none === undefined };
    },
    [options, how, gpu],
  );
  await page.close();
  assert.deepEqual(problems, []);
  assert.ok(result.same, "the bytes differ");
  assert.ok(result.none, "a report of a GPU that nobody asked for");
  return result.report;
}

for (const [what, options, how] of [
  ["rgba", { width: 64, height: 48 }, { format: "rgba" }],
  ["bgra of odd sizes", { width: 67, height: 45 }, { format: "bgra" }],
  ["a canvas", { width: 90, height: 34 }, { canvas: true }],
  ["bt709, as from 720 lines up", { width: 32, height: 722 }, { format: "rgba" }],
  ["bt709 in full range", { width: 64, height: 48, color: "bt709/full" }, { format: "rgba" }],
  ["bt601, whose range is said apart", { width: 50, height: 48, color: "bt601", range: "full" }, { format: "rgba" }],
  ["groups of pictures in Workers", { width: 64, height: 48, keyframeInterval: 2 }, { format: "rgba", encoder: { workers: 2 } }],
]) {
  test(`the same bytes: ${what}`, async () => {
    const report = await both(options, how);
    assert.equal(report.fallback, undefined);
    assert.equal(report.frames, 5);
    assert.match(report.adapter, /swiftshader/i);
  });
}

test("where no codec is said, that of the container decides", async () => {
  const report = await both({ width: 64, height: 48 }, { format: "rgba", encoder: { container: "mov" } });
  // AV1, but in a full module.
  const isFull = report.fallback !== undefined;
  assert.deepEqual([report.frames, report.fallback], isFull ? [0, "frames for mjpeg are converted by the CPU"] : [5, undefined]);
});

test("what a GPU does not take is done by the CPU, and the report says why", async () => {
  for (const [options, how, words] of [
    [{ width: 64, height: 48, outSize: "32x24" }, { format: "rgba" }, /scaled by the CPU/],
    [{ width: 64, height: 48, pixelFormat: "yuv444p" }, { format: "rgba" }, /yuv444p is made by the CPU/],
    [{ width: 64, height: 48, codec: "raw" }, { format: "rgba", encoder: { container: "matroska" } }, /frames for raw/],
    [{ width: 64, height: 48, color: "bt2020" }, { format: "rgba" }, /bt2020.*bt709 and bt601/],
  ]) {
    const report = await both(options, how);
    assert.match(report.fallback, words);
    assert.equal(report.frames, 0);
  }
  const software = await both({ width: 64, height: 48 }, { format: "rgba" }, "auto");
  assert.match(software.fallback, /is software/);
  assert.equal(software.frames, 0);
});

test("a GPU that is lost, and one that fails, leave the rest to the CPU", async () => {
  const { page, problems } = await browser.page("/tests/blank.html");
  const said = await page.evaluate(async () => {
    const { Encoder } = await import("/dist/index.js");
    const run = async (gpu, meddle) => {
      let device;
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function () {
        device = await request.call(this);
        return device;
      };
      try {
        const encoder = new Encoder({ container: "webm", worker: false, maxWaiting: 1 });
        const video = encoder.addVideo({ width: 64, height: 48, gpu });
        for (let n = 0; n < 6; n++) {
          if (n === 3) await meddle(device);
          await video.addFrame(new Uint8Array(4 * 64 * 48).map((_, i) => (i % 4 === 3 ? 255 : i * n)));
        }
        return [String(await encoder.close()), encoder.report.streams[0].gpu];
      } finally {
        GPUAdapter.prototype.requestDevice = request;
      }
    };
    const [expected] = await run(false, () => {});
    const [lost, lostReport] = await run(true, (device) => device.destroy());
    const submit = GPUQueue.prototype.submit;
    const [failed, failedReport] = await run(true, () => {
      GPUQueue.prototype.submit = () => {
        throw new Error("no more");
      };
    });
    GPUQueue.prototype.submit = submit;
    return { same: [lost === expected, failed === expected], lostReport, failedReport };
  });
  await page.close();
  assert.deepEqual(said.same, [true, true]);
  assert.deepEqual([said.lostReport.frames, said.failedReport.frames], [3, 3]);
  assert.ok(said.lostReport.fallback, "why the CPU took over");
  assert.equal(said.failedReport.fallback, "no more");
  assert.deepEqual(problems, []);
});

test("where there is no WebGPU the CPU does it; what is no choice is refused", async () => {
  const encoder = new Encoder({ module, worker: false });
  assert.throws(() => encoder.addVideo({ width: 32, height: 32, gpu: "yes" }), { kind: "invalid-option", message: /`gpu` is yes: use true, false or "auto"/ });
  const video = encoder.addVideo({ width: 32, height: 32, gpu: true });
  await video.addFrame(new Uint8Array(4096));
  await encoder.close();
  assert.deepEqual(encoder.report.streams[0].gpu, { frames: 0, fallback: "there is no WebGPU here" });
});
