// Plays files in Chromium to their end and prints, for each, one line of JSON with what the player says.
//
//   node play.mjs [--screenshots FOLDER] FILE...
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { launch } from "./browser.mjs";

const args = process.argv.slice(2);
let screenshots = null;
if (args[0] === "--screenshots") {
  screenshots = args[1];
  mkdirSync(screenshots, { recursive: true });
  args.splice(0, 2);
}

const { browser, origin, close } = await launch((index) => args[Number(index)]);
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
  await close();
}
process.exit(failed ? 1 : 0);
