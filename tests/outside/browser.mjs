// Chromium, and a server for it, for the other scripts here.
import { createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import puppeteer from "puppeteer-core";

export const MIME = {
  ".mp4": "video/mp4",
  ".m4a": "audio/mp4",
  ".m4s": "video/iso.segment",
  ".webm": "video/webm",
  ".mkv": "video/x-matroska",
  ".ogg": "audio/ogg",
  ".opus": "audio/ogg",
  ".wav": "audio/wav",
  ".flac": "audio/flac",
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".vtt": "text/vtt",
  ".avif": "image/avif",
  ".gif": "image/gif",
  ".png": "image/png",
  ".apng": "image/png",
  ".js": "text/javascript",
};

// Starts both. `find` gives the file for the parts of a path, or nothing; /page is a page with `html` in it. Chromium is
// found at $CHROMIUM, else /usr/bin/chromium.
export async function launch(find, html = "") {
  const server = createServer((request, response) => {
    const parts = decodeURIComponent(new URL(request.url, "http://x").pathname).split("/").slice(1);
    if (parts[0] === "page") {
      const page = `<!doctype html>${html}<body style="margin:0"></body>`;
      response.writeHead(200, { "Content-Type": "text/html" }).end(page);
      return;
    }
    const file = find(...parts);
    const size = file && statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      response.writeHead(404).end();
      return;
    }
    // Players ask for ranges, and cannot seek without them.
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range ? Number(range[1]) : 0;
    const end = range && range[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
    if (start >= size) {
      response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
      return;
    }
    response.writeHead(range ? 206 : 200, {
      "Accept-Ranges": "bytes",
      "Cache-Control": "no-store",
      "Content-Length": end - start + 1,
      "Content-Type": MIME[extname(file)] ?? "application/octet-stream",
      ...(range && { "Content-Range": `bytes ${start}-${end}/${size}` }),
    });
    createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
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
  return {
    browser,
    origin: `http://127.0.0.1:${server.address().port}`,
    async close() {
      await browser.close();
      server.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
