// Shows pictures in Chromium and prints, for each, one line of JSON: the size of <img>, its middle pixel, and what
// ImageDecoder says of its frames.
//
//   node images.mjs FILE...
import { extname } from "node:path";
import { MIME, launch } from "./browser.mjs";

const files = process.argv.slice(2);
const { browser, origin, close } = await launch((index) => files[Number(index)]);
try {
  const page = await browser.newPage();
  await page.goto(`${origin}/page`);
  for (const [index, file] of files.entries()) {
    const result = await page.evaluate(
      async (url, type) => {
        const image = new Image();
        image.src = url;
        try {
          await image.decode();
        } catch (error) {
          return { error: String(error) };
        }
        const [width, height] = [image.naturalWidth, image.naturalHeight];
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const at = (x, y) => [...context.getImageData(x, y, 1, 1).data];
        const corners = [at(0, 0), at(width - 1, 0), at(0, height - 1), at(width - 1, height - 1)];
        const decoder = new ImageDecoder({ data: await (await fetch(url)).arrayBuffer(), type });
        await decoder.tracks.ready;
        await decoder.completed;
        const frames = decoder.tracks.selectedTrack.frameCount;
        const durations = [];
        for (let frameIndex = 0; frameIndex < frames; frameIndex++) {
          const { image } = await decoder.decode({ frameIndex });
          durations.push(image.duration);
          image.close();
        }
        const loops = decoder.tracks.selectedTrack.repetitionCount;
        return { width, height, corners, frames, durations, forever: loops === Infinity };
      },
      `${origin}/${index}`,
      MIME[extname(file)],
    );
    console.log(JSON.stringify({ file, ...result }));
  }
} finally {
  await close();
}
