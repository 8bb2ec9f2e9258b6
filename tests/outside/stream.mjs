// Plays manifests in Chromium to their end; prints, for each, one line of JSON with what the player says. The player is
// hls.js or dash.js by the manifest's extension, or shaka-player for both, or a MediaSource to which the files that a
// playlist names are appended.
//
//   node stream.mjs [--shaka | --append] [--live SECONDS] MANIFEST...
//
// With --live a manifest is waited for, and played for that long while it grows.
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";

const args = process.argv.slice(2);
let player = "usual";
let live = 0;
while (args[0]?.startsWith("--")) {
  const option = args.shift();
  if (option === "--append" || option === "--shaka") player = option.slice(2);
  else if (option === "--live") live = Number(args.shift());
  else throw new Error(`what is ${option}?`);
}

const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
const scripts = {
  "hls.js": join(modules, "hls.js/dist/hls.min.js"),
  "dash.js": join(modules, "dashjs/dist/modern/umd/dash.all.min.js"),
  "shaka.js": join(modules, "shaka-player/dist/shaka-player.compiled.js"),
};

// /s/NAME is a player's script, /INDEX/NAME a file beside the manifest of that index.
const tags = Object.keys(scripts).map((script) => `<script src="/s/${script}"></script>`).join("");
const { browser, origin, close } = await launch((place, name) => {
  const manifest = args[Number(place)];
  return place === "s" ? scripts[name] : manifest && name && join(dirname(manifest), basename(name));
}, tags);

let failed = false;
try {
  for (const [index, file] of args.entries()) {
    for (let tries = 0; live && tries < 600 && !existsSync(file); tries++) {
      await new Promise((wait) => setTimeout(wait, 100));
    }
    const page = await browser.newPage();
    await page.goto(`${origin}/page`);
    const url = `${origin}/${index}/${encodeURIComponent(basename(file))}`;
    const result = await page.evaluate(play, url, player, live);
    failed ||= !result.ended;
    console.log(JSON.stringify({ file, ...result }));
    await page.close();
  }
} finally {
  await close();
}
process.exit(failed ? 1 : 0);

// Runs in the page.
async function play(url, player, live) {
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
    if (player === "append") {
      byHand(video, url).catch(fail);
    } else if (player === "shaka") {
      byShaka(video, url, fail).catch((error) => fail(`${error.code} ${error.message} ${error.data}`));
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
      const dash = dashjs.MediaPlayer().create();
      dash.on("error", (event) => complaints.push(JSON.stringify(event.error)));
      dash.on("playbackError", (event) => fail(JSON.stringify(event.error)));
      dash.initialize(video, url, false);
      dash.setPlaybackRate?.(live ? 1 : 2);
    }
    // Players set the source later than this, and interrupt it by that.
    video.play().catch((error) => error.name === "AbortError" || complaints.push(String(error)));
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

  async function byShaka(video, url, fail) {
    const shakaPlayer = new shaka.Player();
    shakaPlayer.addEventListener("error", ({ detail }) => fail(`${detail.code} ${detail.data}`));
    await shakaPlayer.attach(video);
    await shakaPlayer.load(url, live ? undefined : 0);
    const [text] = shakaPlayer.getTextTracks();
    if (text) shakaPlayer.selectTextTrack(text);
  }

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
