// Plays manifests in Chromium, through hls.js or dash.js by their extension, or by appending the files that a playlist
// names to a MediaSource, to their end; prints, for each, one line of JSON with what the player says.
//
//   node stream.mjs [--append] [--live SECONDS] MANIFEST...
//
// With --live a manifest is waited for, and played for that long while it grows. Chromium is found at $CHROMIUM, else
// /usr/bin/chromium.
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const MIME = {
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".m4s": "video/iso.segment",
  ".mp4": "video/mp4",
  ".vtt": "text/vtt",
  ".js": "text/javascript",
};

const args = process.argv.slice(2);
let append = false;
let live = 0;
while (args[0]?.startsWith("--")) {
  const option = args.shift();
  if (option === "--append") append = true;
  else if (option === "--live") live = Number(args.shift());
  else throw new Error(`what is ${option}?`);
}

const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
const scripts = {
  "hls.js": join(modules, "hls.js/dist/hls.min.js"),
  "dash.js": join(modules, "dashjs/dist/modern/umd/dash.all.min.js"),
};

// /s/NAME is a player's script, /INDEX/NAME a file beside the manifest of that index.
const server = createServer((request, response) => {
  const [, place, name] = decodeURIComponent(new URL(request.url, "http://x").pathname).split("/");
  if (place === "page") {
    const text = Object.keys(scripts).map((script) => `<script src="/s/${script}"></script>`).join("");
    response.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html>${text}<body></body>`);
    return;
  }
  const manifest = args[Number(place)];
  const file = place === "s" ? scripts[name] : manifest && name && join(dirname(manifest), basename(name));
  if (!file || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  const size = statSync(file).size;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = range ? Number(range[1]) : 0;
  const end = range && range[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
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
    for (let tries = 0; live && tries < 600 && !existsSync(file); tries++) {
      await new Promise((wait) => setTimeout(wait, 100));
    }
    const page = await browser.newPage();
    await page.goto(`${origin}/page`);
    const url = `${origin}/${index}/${encodeURIComponent(basename(file))}`;
    const result = await page.evaluate(play, url, append, live);
    failed ||= !result.ended;
    console.log(JSON.stringify({ file, ...result }));
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

// Runs in the page.
async function play(url, append, live) {
  const video = document.createElement("video");
  // Fast enough for a test, slow enough that no frame need be skipped for lack of time.
  video.playbackRate = live ? 1 : 2;
  document.body.append(video);
  const complaints = [];
  const outcome = await new Promise((resolve) => {
    video.onended = () => resolve({ ended: true });
    video.onerror = () => resolve({ ended: false, error: video.error?.message ?? "error" });
    if (live) setTimeout(() => resolve({ ended: video.currentTime > 0 }), live * 1000);
    setTimeout(() => resolve({ ended: false, error: "no end within 60 s" }), 60_000);
    const fail = (error) => resolve({ ended: false, error: String(error) });
    if (append) {
      byHand(video, url).catch(fail);
    } else if (url.endsWith(".m3u8")) {
      const hls = new Hls({ enableWorker: false, startPosition: live ? -1 : 0 });
      hls.on(Hls.Events.ERROR, (_, data) => {
        complaints.push(`${data.details} ${data.error?.message ?? data.reason ?? ""}`);
        if (data.fatal) fail(data.details);
      });
      hls.subtitleDisplay = true;
      hls.loadSource(url);
      hls.attachMedia(video);
    } else {
      const player = dashjs.MediaPlayer().create();
      player.on("error", (event) => complaints.push(JSON.stringify(event.error)));
      player.on("playbackError", (event) => fail(JSON.stringify(event.error)));
      player.initialize(video, url, false);
      player.setPlaybackRate?.(live ? 1 : 2);
    }
    video.play().catch((error) => complaints.push(String(error)));
    // Players set the source later than that, and pause by it.
    const again = setInterval(() => video.ended ? clearInterval(again) : video.paused && video.play().catch(() => {}), 200);
  });
  const quality = video.getVideoPlaybackQuality();
  const cues = [...video.textTracks].flatMap((track) => [...(track.cues ?? [])]);
  return {
    ...outcome,
    complaints,
    duration: video.duration,
    currentTime: video.currentTime,
    buffered: Array.from({ length: video.buffered.length }, (_, i) => [video.buffered.start(i), video.buffered.end(i)]),
    width: video.videoWidth,
    height: video.videoHeight,
    frames: quality.totalVideoFrames,
    cues: [...new Set(cues.map((cue) => `${cue.startTime} ${cue.endTime} ${cue.text}`))],
  };

  // Appends all that the playlists name, without a player's ideas of it.
  async function byHand(video, url) {
    const text = async (url) => (await fetch(url)).text();
    const multivariant = await text(url);
    const codecs = /CODECS="([^"]*)"/.exec(multivariant)[1].split(",");
    const playlists = [/\n([^#\n]+\.m3u8)\n/.exec(multivariant)[1]];
    const audio = /TYPE=AUDIO.*URI="([^"]*)"/.exec(multivariant)?.[1];
    if (audio) playlists.push(audio);
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await new Promise((open) => (source.onsourceopen = open));
    const buffers = playlists.map((_, i) => {
      const kind = codecs[i].startsWith("av01") ? "video" : "audio";
      return source.addSourceBuffer(`${kind}/mp4; codecs="${codecs[i]}"`);
    });
    for (const [i, playlist] of playlists.entries()) {
      const lines = await text(new URL(playlist, url));
      const map = /EXT-X-MAP:URI="([^"]*)"/.exec(lines)[1];
      const segments = lines.split("\n").filter((line) => line.endsWith(".m4s"));
      for (const name of [map, ...segments]) {
        const bytes = await (await fetch(new URL(name, url))).arrayBuffer();
        await new Promise((done, fail) => {
          buffers[i].onupdateend = done;
          buffers[i].onerror = () => fail(`${name} is refused`);
          buffers[i].appendBuffer(bytes);
        });
      }
    }
    source.endOfStream();
  }
}
