// How much memory a page has after it has encoded, for the tests and to be measured.
import { workers } from "./browser.mjs";

/** Encodes so many clips of pictures and sound in a page, one after the other; gives the modules' linear memory in each. */
export const encodeClips = (page, times, options = {}) =>
  page.evaluate(
    async ([times, options]) => {
      const { Encoder } = await import("/dist/index.js");
      const modules = [];
      for (let i = 0; i < times; i++) {
        const encoder = new Encoder(options);
        const video = encoder.addVideo({ width: 160, height: 96, keyframeInterval: 2 });
        const audio = encoder.addAudio({ sampleRate: 48_000, numberOfChannels: 2 });
        for (let f = 0; f < 4; f++) {
          await video.addFrame(new Uint8Array(160 * 96 * 4).fill(40 * f));
          await audio.addSamples([new Float32Array(1_600), new Float32Array(1_600)]);
        }
        await encoder.close();
        modules.push(encoder.report.moduleMemory);
      }
      return modules;
    },
    [times, options],
  );

/**
 * The memory of a page: Workers, the heap of JavaScript, and all that belongs to the page and its Workers by the browser's
 * own count, which linear memory is part of.
 */
export async function memoryOf(page) {
  const left = await workers(page, 0);
  const measured = await page.evaluate(async () => {
    const settle = () => new Promise((resume) => setTimeout(resume, 200));
    gc();
    await settle();
    gc();
    await settle();
    const heap = performance.memory.usedJSHeapSize;
    const { bytes } = await performance.measureUserAgentSpecificMemory();
    return { heap, agent: bytes };
  });
  return { workers: left, ...measured };
}
