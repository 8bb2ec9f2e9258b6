// Files of the visitor's, as something that draws frames on a canvas one after the other.
//
// A source has `width`, `height`, `count` (frames), `timed` (whether frames have times of their own), `audio` (an
// AudioBuffer, or channels with a rate), `frames()` that draws, and `close()`.
import { draw, tune, tuneLevel } from "./animation.js";
import { drawingSource } from "./drawing.js";

const RATE = 48_000;

/** What a visitor can do something about. */
export class SourceError extends Error {}

const kindOf = (file) => {
  const name = file.name.toLowerCase();
  if (file.type === "image/gif" || name.endsWith(".gif")) return "gif";
  if (file.type.startsWith("image/")) return "image";
  if (file.type.startsWith("audio/") || /\.(wav|mp3|ogg|opus|flac|m4a)$/.test(name)) return "audio";
  if (file.type.startsWith("video/") || /\.(mp4|webm|mkv|mov)$/.test(name)) return "video";
  return "other";
};

/** Says what the files are, or throws why they cannot be used. */
export function describe(files) {
  const kinds = files.map(kindOf);
  const count = (kind) => kinds.filter((found) => found === kind).length;
  const other = files[kinds.indexOf("other")];
  if (other) {
    throw new SourceError(`“${other.name}” is neither a picture, a video nor a sound. Choose a GIF, PNG, JPEG, WebP, MP4, WebM or WAV.`);
  }
  const [gifs, images, videos, sounds] = ["gif", "image", "video", "audio"].map(count);
  if (gifs + videos > 1 || (gifs + videos > 0 && images > 0)) {
    throw new SourceError("That is more than one moving picture. Choose one GIF or one video, or any number of still pictures.");
  }
  if (sounds > 1) {
    throw new SourceError("That is more than one sound. Choose one, alone or with pictures.");
  }
  const parts = [
    gifs && "a GIF",
    videos && "a video",
    images && `${images} picture${images > 1 ? "s" : ""}`,
    sounds && "a sound",
  ].filter(Boolean);
  return `${parts.join(" with ")}: ${files.map((file) => file.name).slice(0, 3).join(", ")}${files.length > 3 ? ", …" : ""}`;
}

/** Opens the recording of a drawing, or else the files; without any, the page's own animation. */
export async function openSource(files, { rate, length, size, recording }) {
  if (recording) return drawingSource(recording, rate, fit(size === "own" ? "1280x720" : size, 16, 9));
  const of = (kind) => files.filter((file) => kindOf(file) === kind);
  const [gif, video, sound] = [of("gif")[0], of("video")[0], of("audio")[0]];
  const images = of("image").sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const audio = sound && (await decodeSound(sound, true));
  if (gif) return { ...(await gifSource(gif, size)), audio };
  if (video) return videoSource(video, rate, size, audio);
  if (images.length > 0) return { ...(await imagesSource(images, rate, size)), audio };
  if (audio) return animationSource(rate, audio.duration, size, audio);
  return animationSource(rate, length, size);
}

/** The size of the file, for a source of this size: even, as chroma wants it, and inside of what was asked for. */
function fit(size, width, height) {
  const [w, h] = size === "own" ? [width, height] : size.split("x").map(Number);
  // A picture that stands is as high as one that lies is wide.
  const [boxWidth, boxHeight] = height > width && size !== "own" ? [h, w] : [w, h];
  const factor = Math.min(boxWidth / width, boxHeight / height, size === "own" ? 1 : Infinity);
  const even = (side) => Math.max(16, 2 * Math.round((side * factor) / 2));
  return { width: even(width), height: even(height) };
}

async function decodeSound(file, required) {
  const context = new OfflineAudioContext(2, 1, RATE);
  try {
    return await context.decodeAudioData(await file.arrayBuffer());
  } catch (cause) {
    if (!required) return undefined;
    throw new SourceError(`The sound in “${file.name}” cannot be read by this browser. A WAV works everywhere.`, { cause });
  }
}

function animationSource(rate, length, size, sound) {
  const { width, height } = fit(size === "own" ? "640x360" : size, 16, 9);
  const count = Math.max(1, Math.round(length * rate));
  const samples = sound?.getChannelData(0);
  const level = (t) => {
    if (!samples) return tuneLevel(t);
    const start = Math.floor(t * sound.sampleRate);
    let most = 0;
    for (let n = start; n < Math.min(samples.length, start + sound.sampleRate / 20); n++) {
      most = Math.max(most, Math.abs(samples[n]));
    }
    return Math.min(1, most);
  };
  const channels = sound ? undefined : tune(RATE, count / rate);
  return {
    width,
    height,
    count,
    audio: sound ?? { sampleRate: RATE, numberOfChannels: 2, channels },
    async *frames(context) {
      for (let i = 0; i < count; i++) {
        draw(context, width, height, i / rate, count / rate, level(i / rate));
        yield {};
      }
    },
    close() {},
  };
}

async function imagesSource(files, rate, size) {
  const open = async (file) => {
    try {
      return await createImageBitmap(file);
    } catch (cause) {
      throw new SourceError(`“${file.name}” cannot be read as a picture. Is it whole?`, { cause });
    }
  };
  const first = await open(files[0]);
  const { width, height } = fit(size, first.width, first.height);
  first.close();
  // One picture is shown for three seconds, several are frames of a film.
  const each = files.length === 1 ? 3 * rate : 1;
  return {
    width,
    height,
    count: files.length * each,
    async *frames(context) {
      for (const file of files) {
        const image = await open(file);
        paint(context, image, width, height);
        image.close();
        for (let i = 0; i < each; i++) yield {};
      }
    },
    close() {},
  };
}

async function gifSource(file, size) {
  if (typeof ImageDecoder === "undefined") {
    throw new SourceError("This browser cannot take a GIF apart (it has no ImageDecoder). Choose pictures or a video instead.");
  }
  let decoder;
  try {
    decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: "image/gif" });
    await decoder.completed;
    await decoder.tracks.ready;
  } catch (cause) {
    throw new SourceError(`“${file.name}” cannot be read as a GIF. Is it whole?`, { cause });
  }
  const count = decoder.tracks.selectedTrack.frameCount;
  const first = (await decoder.decode({ frameIndex: 0 })).image;
  const { width, height } = fit(size, first.displayWidth, first.displayHeight);
  first.close();
  let end = 0;
  return {
    width,
    height,
    count,
    timed: true,
    end: () => end,
    async *frames(context) {
      for (let frameIndex = 0; frameIndex < count; frameIndex++) {
        const { image } = await decoder.decode({ frameIndex });
        // Browsers show what says less than 20 ms for 100 ms, and so does this.
        const duration = image.duration >= 20_000 ? image.duration : 100_000;
        paint(context, image, width, height);
        image.close();
        yield { timestamp: end };
        end += duration;
      }
    },
    close: () => decoder.close(),
  };
}

async function videoSource(file, rate, size, sound) {
  const element = document.createElement("video");
  element.muted = true;
  element.preload = "auto";
  element.playsInline = true;
  const address = URL.createObjectURL(file);
  const happens = (event) =>
    new Promise((resolve, reject) => {
      element.addEventListener(event, resolve, { once: true });
      element.addEventListener(
        "error",
        () => reject(new SourceError(`“${file.name}” cannot be played by this browser, so its frames cannot be had.`)),
        { once: true },
      );
    });
  const loaded = happens("loadeddata");
  element.src = address;
  await loaded;
  if (!Number.isFinite(element.duration)) {
    throw new SourceError(`“${file.name}” does not say how long it is: it was cut off, or is live.`);
  }
  const { width, height } = fit(size, element.videoWidth, element.videoHeight);
  const count = Math.max(1, Math.floor(element.duration * rate));
  return {
    width,
    height,
    count,
    audio: sound ?? (await decodeSound(file, false)),
    async *frames(context) {
      for (let i = 0; i < count; i++) {
        // The middle of a frame, so that rounding does not show the one beside it.
        const seeked = happens("seeked");
        element.currentTime = Math.min((i + 0.5) / rate, element.duration);
        await seeked;
        paint(context, element, width, height);
        yield {};
      }
    },
    close() {
      element.removeAttribute("src");
      URL.revokeObjectURL(address);
    },
  };
}

/** Draws a picture as large as fits, on black. */
function paint(context, image, width, height) {
  const w = image.displayWidth ?? image.videoWidth ?? image.width;
  const h = image.displayHeight ?? image.videoHeight ?? image.height;
  const factor = Math.min(width / w, height / h);
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, (width - w * factor) / 2, (height - h * factor) / 2, w * factor, h * factor);
}
