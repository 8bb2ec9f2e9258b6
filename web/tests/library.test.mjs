// What the library promises, in a page of Chromium and in Node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Encoder } from "../dist/index.js";
import init, { Session } from "../dist/wasm/framewright.js";
import { moduleSize } from "../scripts/size.mjs";
import { launch, workers } from "./browser.mjs";
import { encodeClips, memoryOf } from "./memory.mjs";

const module = readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url));
const inNode = { module, worker: false };
const gray = (width, height, level) => new Uint8Array(width * height).fill(level);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Runs `script` in a page with the library at hand; its console stays clean. */
async function inPage(script, expected = []) {
  const { page, problems } = await browser.page("/tests/blank.html");
  const result = await page.evaluate(
    async ([source]) => {
      const library = await import("/dist/index.js");
      return new Function("library", `return (${source})(library);`)(library);
    },
    [script.toString()],
  );
  const left = await workers(page, 0);
  await page.close();
  // What Chromium itself says of an answer that is no success.
  const unexpected = problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
  assert.deepEqual(unexpected, []);
  assert.equal(left, 0, "Workers that are left");
  return result;
}

test("the size of the module", () => {
  const { gzipped } = moduleSize();
  assert.ok(gzipped < 660_000, `${gzipped} bytes`);
});

test("the module knows nothing of the machine that it was built on", () => {
  const text = module.toString("latin1");
  // Source files are named by their packages: not by a registry's host, nor by a folder.
  assert.match(text, /rav1e-[0-9.]+[/\\]src[/\\]/);
  assert.doesNotMatch(text, /[/\\](registry|rav1e-[0-9.]+)[/\\]|index\.crates\.io|-[0-9a-f]{16}[/\\]rav1e/);
});

test("every kind of frame and of samples", async () => {
  const report = await inPage(async ({ Encoder }) => {
    const encoder = new Encoder({ container: "webm", tags: { title: "All kinds" } });
    const video = encoder.addVideo({ width: 32, height: 32, frameRate: 10 });
    const audio = encoder.addAudio({ sampleRate: 48_000, numberOfChannels: 2 });
    await encoder.start();
    const html = Object.assign(document.createElement("canvas"), { width: 32, height: 32 });
    const off = new OffscreenCanvas(32, 32);
    html.getContext("2d").fillRect(0, 0, 32, 32);
    off.getContext("2d").fillRect(0, 0, 32, 32);
    const bitmap = await createImageBitmap(html);
    const frame = new VideoFrame(html, { timestamp: 0 });
    await video.addFrame(html);
    await video.addFrame(off, { keyFrame: true });
    await video.addFrame(bitmap);
    await video.addFrame(frame);
    await video.addFrame(new ImageData(32, 32));
    for (const [format, size] of Object.entries({ rgba: 4096, bgra: 4096, rgb: 3072, bgr: 3072, gray: 1024, i420: 1536, nv12: 1536 })) {
      await video.addFrame(new Uint8Array(size), { format });
    }
    // The caller's own are as they were, and those that were given away are not.
    const kept = bitmap.width === 32 && frame.format !== null;
    frame.close();
    await video.addFrame(bitmap, { transfer: true });
    const given = bitmap.width === 0;
    const buffer = new AudioBuffer({ length: 4_800, numberOfChannels: 2, sampleRate: 48_000 });
    await audio.addSamples(buffer);
    await audio.addSamples([new Float32Array(4_800), new Float32Array(4_800)]);
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: 48_000,
      numberOfFrames: 4_800,
      numberOfChannels: 2,
      timestamp: 0,
      data: new Float32Array(9_600),
    });
    await audio.addSamples(data);
    data.close();
    const bytes = await encoder.close();
    return { ...encoder.report, kept, given, length: bytes.length };
  });
  const [video, audio] = report.streams;
  assert.deepEqual([video.frames, audio.samples, report.kept, report.given], [13, 14_400, true, true]);
  assert.equal(report.length, report.bytes);
  assert.equal(video.keyFrames, 2);
});

test("times of their own", async () => {
  const encoder = new Encoder({ ...inNode, container: "matroska" });
  const video = encoder.addVideo({ width: 32, height: 32, timeBase: "1/1000" });
  for (const at of [0, 40_000, 500_000]) {
    await video.addFrame(gray(32, 32, 90), { format: "gray", timestamp: at });
  }
  await video.endAt(2_000_000);
  await encoder.close();
  assert.equal(encoder.report.duration, 2);
});

test("sinks: bytes, a Blob, a stream from start to end, a stream with positions", async () => {
  const sizes = await inPage(async ({ Encoder }) => {
    const make = async (sink, more) => {
      const encoder = new Encoder({ container: "mp4", sink, ...more });
      const video = encoder.addVideo({ width: 32, height: 32, keyframeInterval: 4, lowLatency: true });
      for (let i = 0; i < 12; i++) {
        await video.addFrame(new Uint8Array(1024).fill(20 * i), { format: "gray" });
      }
      return [await encoder.close(), encoder.report.bytes];
    };
    const brands = (bytes) => [...bytes.subarray(4, 8)].map((code) => String.fromCharCode(code)).join("");
    const has = (bytes, name) => new TextDecoder("latin1").decode(bytes).includes(name);
    const [plain, plainSize] = await make("bytes");
    const [blob] = await make("blob");
    const parts = [];
    const [nothing, streamed] = await make(new WritableStream({ write: (part) => void parts.push(...part) }));
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle("clip.mp4", { create: true });
    const [, fileSize] = await make(await handle.createWritable());
    const file = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    await root.removeEntry("clip.mp4");
    return {
      plain: [plain.length === plainSize, brands(plain), has(plain, "moof")],
      blob: [blob.size === plain.length, blob.type],
      stream: [nothing === undefined, parts.length === streamed, has(new Uint8Array(parts), "moof")],
      file: [file.length === fileSize, file.length === plain.length, file.every((byte, i) => byte === plain[i])],
    };
  });
  assert.deepEqual(sizes, {
    plain: [true, "ftyp", false],
    blob: [true, "video/mp4"],
    stream: [true, true, true],
    file: [true, true, true],
  });
});

test("what is wrong rejects what it belongs to, in the library's words", async () => {
  const refusals = await inPage(async ({ Encoder, FramewrightError }) => {
    const said = [];
    const fails = async (what, call) => {
      try {
        await call();
        said.push([what, "nothing"]);
      } catch (error) {
        said.push([what, error instanceof FramewrightError && error.kind, error.message]);
      }
    };
    const encoder = new Encoder({ container: "mp4", maxWaiting: 1 });
    const video = encoder.addVideo({ width: 32, height: 32 });
    await fails("size", () => video.addFrame(new ImageData(16, 16)));
    await fails("bytes", () => video.addFrame(new Uint8Array(5)));
    await fails("no frame", () => video.addFrame("a frame"));
    const good = new Uint8Array(1024);
    await video.addFrame(good, { format: "gray" });
    await fails("time", () => video.addFrame(good, { format: "gray", timestamp: 100_000 }));
    await video.addFrame(good, { format: "gray" });
    await encoder.close();
    said.push(["frames", encoder.report.streams[0].frames]);
    await fails("closed", () => video.addFrame(good, { format: "gray" }));

    const crf = new Encoder();
    await fails("crf", () => crf.addVideo({ width: 32, height: 32, crf: 64 }) && crf.start());
    await fails("after", () => crf.close());
    const container = new Encoder({ container: "webm" });
    await fails("codec", () => container.addVideo({ width: 32, height: 32, codec: "mjpeg" }) && container.start());
    const none = new Encoder();
    await fails("no stream", () => none.close());
    const lost = new Encoder({ module: "/nowhere.wasm?" });
    await fails("module", () => lost.addVideo({ width: 32, height: 32 }).addFrame(good, { format: "gray" }));
    const full = new Encoder({
      container: "webm",
      sink: new WritableStream({
        write() {
          throw new Error("the disk is full");
        },
      }),
    });
    await fails("sink", async () => {
      full.addVideo({ width: 32, height: 32 });
      const stream = full.addAudio({ sampleRate: 48_000, numberOfChannels: 1 });
      await stream.addSamples([new Float32Array(48_000)]);
      await full.close();
    });
    return said;
  }, [/status of 404/]);
  const find = (what) => refusals.find(([name]) => name === what);
  const expect = (what, kind, words) => {
    assert.equal(find(what)?.[1], kind, what);
    assert.match(find(what)?.[2] ?? "", words, what);
  };
  expect("size", "invalid-input", /16x16 for a stream of 32x32/);
  expect("bytes", "invalid-input", /5 bytes/);
  expect("no frame", "invalid-input", /VideoFrame/);
  expect("time", "invalid-input", /constant frame rate/);
  assert.equal(find("frames")[1], 2);
  expect("closed", "state", /closed/);
  expect("crf", "invalid-option", /crf.*63/);
  expect("after", "invalid-option", /crf/);
  expect("codec", "unsupported", /mjpeg/i);
  expect("no stream", "state", /no stream/);
  expect("module", "io", /nowhere/);
  expect("sink", "io", /disk is full/);
});

test("a refusal that comes late is told by the next call, or by close", async () => {
  const make = () => {
    const encoder = new Encoder({ ...inNode, maxWaiting: 8 });
    return [encoder, encoder.addVideo({ width: 32, height: 32 })];
  };
  const bad = { format: "gray", timestamp: 100_000 };
  const [first, video] = make();
  await video.addFrame(gray(32, 32, 9), { format: "gray" });
  await video.addFrame(gray(32, 32, 9), bad);
  await assert.rejects(first.close(), /constant frame rate.*completed without it/);
  assert.equal(first.report.streams[0].frames, 1);
  const [second, other] = make();
  await other.addFrame(gray(32, 32, 9), { format: "gray" });
  await other.addFrame(gray(32, 32, 9), bad);
  while (second.report === undefined) {
    // Until the engine has come to it.
    await new Promise((resume) => setTimeout(resume, 20));
    try {
      await other.addFrame(gray(32, 32, 9), { format: "gray" });
    } catch (error) {
      assert.match(error.message, /constant frame rate/);
      await second.close();
    }
  }
});

test("frames wait for the encoder, and the caller for them", async () => {
  const most = await inPage(async ({ Encoder }) => {
    let most = 0;
    const onProgress = ({ framesIn, framesEncoded }) => (most = Math.max(most, framesIn - framesEncoded));
    const encoder = new Encoder({ maxWaiting: 3, onProgress });
    const video = encoder.addVideo({ width: 64, height: 64 });
    for (let i = 0; i < 20; i++) {
      await video.addFrame(new Uint8Array(4096).fill(i), { format: "gray" });
    }
    await encoder.close();
    return most;
  });
  assert.ok(most <= 3, `${most} waited`);
});

test("a sink that is slow makes the caller wait", async () => {
  let [open, most] = [0, 0];
  const sink = new WritableStream(
    {
      async write() {
        most = Math.max(most, ++open);
        await new Promise((resume) => setTimeout(resume, 20));
        open--;
      },
    },
    { highWaterMark: 1 },
  );
  const encoder = new Encoder({ ...inNode, container: "webm", sink });
  const audio = encoder.addAudio({ sampleRate: 48_000, numberOfChannels: 1 });
  await audio.addSamples([new Float32Array(480_000).map((_, n) => Math.sin(n / 9) / 3)]);
  assert.equal(await encoder.close(), undefined);
  assert.equal(most, 1);
});

test("cancelling ends the Worker, aborts the sink, and rejects who waits", async () => {
  const outcome = await inPage(async ({ Encoder }) => {
    const outcome = {};
    const fate = (promise) => promise.then(() => "done", (error) => error.name);
    let aborted = null;
    const encoder = new Encoder({ container: "webm", sink: new WritableStream({ abort: (reason) => void (aborted = reason.name) }) });
    const video = encoder.addVideo({ width: 320, height: 240 });
    const frames = [];
    for (let i = 0; i < 8; i++) {
      frames.push(video.addFrame(new Uint8Array(76_800).map((_, p) => p * i), { format: "gray" }));
    }
    const waits = fate(frames[7]);
    frames.forEach((frame) => frame.catch(() => {}));
    await frames[0];
    await encoder.cancel();
    outcome.cancel = [await waits, aborted, await fate(video.addFrame(new Uint8Array(76_800), { format: "gray" })), await fate(encoder.close())];

    const control = new AbortController();
    const other = new Encoder({ signal: control.signal });
    const stream = other.addVideo({ width: 320, height: 240 });
    await stream.addFrame(new Uint8Array(76_800), { format: "gray" });
    const closing = fate(other.close());
    control.abort();
    outcome.signal = await closing;
    try {
      new Encoder({ signal: control.signal });
    } catch (error) {
      outcome.before = error.name;
    }
    return outcome;
  });
  assert.deepEqual(outcome, {
    cancel: ["AbortError", "AbortError", "AbortError", "AbortError"],
    signal: "AbortError",
    before: "AbortError",
  });
});

for (const count of [1, 2]) {
  test(`memory after 20 encodes is that after two, with ${count} Worker${count > 1 ? "s" : ""} for pictures`, async () => {
    const { page, problems } = await browser.page("/tests/blank.html");
    const first = await encodeClips(page, 2, { workers: count });
    const after2 = await memoryOf(page);
    const modules = [...first, ...(await encodeClips(page, 18, { workers: count }))];
    const after20 = await memoryOf(page);
    console.log(`  modules ${Math.min(...modules)} to ${Math.max(...modules)}; after 2`, after2, "after 20", after20);
    // Each encoder begins with modules of its own, which come to the same size. Which of two Workers gets how many of the
    // groups depends on how fast they are.
    assert.equal(modules.length, 20);
    const most = count === 1 ? modules[0] : Math.max(...modules);
    assert.ok(count > 1 || modules.every((bytes) => bytes === most), String(modules));
    assert.ok(most > 5e6 && most < 200e6, String(most));
    assert.equal(after20.workers, 0);
    assert.ok(after20.heap - after2.heap < 500_000, "the heap of JavaScript");
    // One module that was kept would be more.
    assert.ok(after20.agent - after2.agent < 2_000_000, "the browser's count");
    assert.deepEqual(problems, []);
    await page.close();
  });
}

test("linear memory after 20 encodes in one module is that after two", async () => {
  const { memory } = await init({ module_or_path: module });
  const encode = async (times) => {
    for (let i = 0; i < times; i++) {
      const encoder = new Encoder(inNode);
      const video = encoder.addVideo({ width: 160, height: 96 });
      const audio = encoder.addAudio({ sampleRate: 48_000, numberOfChannels: 2 });
      for (let f = 0; f < 4; f++) {
        await video.addFrame(new Uint8Array(160 * 96 * 4).fill(40 * f));
        await audio.addSamples([new Float32Array(1_600), new Float32Array(1_600)]);
      }
      await encoder.close();
    }
    return memory.buffer.byteLength;
  };
  const after2 = await encode(2);
  const after20 = await encode(18);
  console.log(`  linear memory after 2 encodes ${after2}, after 20 ${after20}`);
  assert.equal(after20, after2);
});

/** The module with a memory that cannot grow beyond so many pages of 64 KiB more than it begins with. */
function narrow(bytes, more) {
  const leb = (at) => {
    let [value, shift] = [0, 0];
    for (;;) {
      value |= (bytes[at] & 127) << shift;
      shift += 7;
      if (bytes[at++] < 128) {
        return [value, at];
      }
    }
  };
  const write = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...write(value >> 7)]);
  for (let at = 8; at < bytes.length; ) {
    const [size, body] = leb(at + 1);
    if (bytes[at] === 5) {
      // One memory, without a maximum.
      assert.deepEqual([...bytes.subarray(body, body + 2)], [1, 0]);
      const [pages] = leb(body + 2);
      const section = [1, 1, ...write(pages), ...write(pages + more)];
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([5, section.length, ...section]), bytes.subarray(body + size)]);
    }
    at = body + size;
  }
  throw new Error("the module has no memory");
}

test("a module that really stops, as it gets no more memory, is an error with words", async () => {
  const { page, problems } = await browser.page("/tests/blank.html");
  const said = await page.evaluate(async (base64) => {
    const module = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const { Encoder, FramewrightError } = await import("/dist/index.js");
    const fails = async (call) => {
      try {
        await call();
        return ["nothing"];
      } catch (error) {
        return [error instanceof FramewrightError, error.kind, error.message];
      }
    };
    const encoder = new Encoder({ module, maxWaiting: 1 });
    const video = encoder.addVideo({ width: 320, height: 240 });
    const frame = new Uint8Array(320 * 240 * 4);
    const first = await fails(async () => {
      for (let i = 0; i < 30; i++) {
        await video.addFrame(frame);
      }
    });
    const then = await fails(() => encoder.close());
    // The next encoder has a module of its own.
    const next = new Encoder();
    await next.addVideo({ width: 32, height: 32 }).addFrame(new Uint8Array(4096));
    return { first, then, next: (await next.close()).length > 0 };
  }, narrow(module, 32).toString("base64"));
  assert.equal(await workers(page, 0), 0);
  await page.close();
  console.log(`  ${said.first[2]}`);
  for (const [isOurs, kind, message] of [said.first, said.then]) {
    assert.deepEqual([isOurs, kind], [true, "codec"], message);
    assert.match(message, /the encoder (stopped|panicked)/);
  }
  assert.ok(said.next);
  assert.deepEqual(problems, []);
});

// The last of those in Node: the module is not to be used after it.
test("a trap of the module is an error with words", async () => {
  const add = Session.prototype.addFrame;
  try {
    Session.prototype.addFrame = () => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    const encoder = new Encoder({ ...inNode, maxWaiting: 1 });
    const video = encoder.addVideo({ width: 32, height: 32 });
    const refused = { name: "FramewrightError", kind: "codec", message: /encoder stopped \(unreachable\)/ };
    await assert.rejects(video.addFrame(gray(32, 32, 1), { format: "gray" }), refused);
    await assert.rejects(encoder.close(), refused);
  } finally {
    Session.prototype.addFrame = add;
  }
});
