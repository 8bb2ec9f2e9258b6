// Plays files in Chromium to their end and prints, for each, one line of JSON with what the player says.
//
//   node play.mjs [--screenshots FOLDER] FILE...
//
// Chromium is found at $CHROMIUM, else /usr/bin/chromium.
import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import puppeteer from "puppeteer-core";

const MIME = {
  ".mp4": "video/mp4",
  ".m4a": "audio/mp4",
  ".webm": "video/webm",
  ".mkv": "video/x-matroska",
  ".ogg": "audio/ogg",
  ".opus": "audio/ogg",
  ".wav": "audio/wav",
  ".flac": "audio/flac",
};

const args = process.argv.slice(2);
let screenshots = null;
if (args[0] === "--screenshots") {
  screenshots = args[1];
  mkdirSync(screenshots, { recursive: true });
  args.splice(0, 2);
}

// A player asks for ranges and cannot seek without them.
const server = createServer((request, response) => {
  const index = Number(request.url.slice(1));
  if (request.url === "/page") {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><body style='margin:0'></body>");
    return;
  }
  const file = args[index];
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const size = statSync(file).size;
  const type = MIME[extname(file)] ?? "application/octet-stream";
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = range ? Number(range[1]) : 0;
  const end = range && range[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  if (start >= size) {
    response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    return;
  }
  response.writeHead(range ? 206 : 200, {
    "Accept-Ranges": "bytes",
    "Content-Length": end - start + 1,
    "Content-Type": type,
    ...(range && { "Content-Range": `bytes ${start}-${end}/${size}` }),
  });
  createReadStream(file, { start, end }).pipe(response);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const profile = mkdtempSync(join(tmpdir(), "chromium-"));
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  userDataDir: profile,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
  ],
});

let failed = false;
try {
  for (const [index, file] of args.entries()) {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 720 });
    await page.goto(`${origin}/page`);
    const result = await page.evaluate(async (url) => {
      const video = document.createElement("video");
      video.src = url;
      // Fast enough for a test, slow enough that no frame need be skipped for lack of time.
      video.playbackRate = 2;
      document.body.append(video);
      const outcome = await new Promise((resolve) => {
        video.onended = () => resolve({ ended: true });
        video.onerror = () => resolve({ ended: false, error: video.error?.message ?? "error" });
        setTimeout(() => resolve({ ended: false, error: "no end within 60 s" }), 60_000);
        video.play().catch((error) => resolve({ ended: false, error: String(error) }));
      });
      const quality = video.getVideoPlaybackQuality();
      return {
        ...outcome,
        duration: video.duration,
        currentTime: video.currentTime,
        width: video.videoWidth,
        height: video.videoHeight,
        frames: quality.totalVideoFrames,
      };
    }, `${origin}/${index}`);
    failed ||= !result.ended;
    if (screenshots && result.width > 0) {
      // A frame that was just loaded may still be black: seek, and wait for it.
      await page.evaluate(async () => {
        const video = document.querySelector("video");
        video.pause();
        await new Promise((done) => {
          video.onseeked = done;
          video.currentTime = video.duration / 2;
        });
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      });
      await page.screenshot({ path: join(screenshots, `${basename(file)}.png`) });
    }
    console.log(JSON.stringify({ file, ...result }));
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
