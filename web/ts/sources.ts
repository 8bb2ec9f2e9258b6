// What callers have, made into what can be sent to a Worker.
import { FramewrightError } from "./errors.js";
import type { PixelLayout } from "./options.js";
import type { FramePiece, SamplesPiece } from "./protocol.js";

/** A frame as callers have it. */
export type FrameSource = VideoFrame | ImageData | ImageBitmap | OffscreenCanvas | HTMLCanvasElement | Uint8Array;

/** Samples as callers have them; of `Float32Array[]` each is a channel. */
export type SamplesSource = AudioData | AudioBuffer | Float32Array[];

/** What is said of a frame beside its pixels. */
export interface FrameOptions {
  /** Where the frame begins, in microseconds from the start of the file. Unless said, by the frame rate. */
  timestamp?: number;
  /** How the bytes of a `Uint8Array` lie. `"rgba"` unless said. */
  format?: PixelLayout;
  /** The size of a `Uint8Array`, where it is not that of the stream. */
  width?: number;
  /** The size of a `Uint8Array`, where it is not that of the stream. */
  height?: number;
  /** Makes it a key frame. */
  keyFrame?: boolean;
  /**
   * Gives the source away instead of copying it: a `VideoFrame` and an `ImageBitmap` are closed by that, the buffer of a
   * `Uint8Array` and of an `ImageData` is empty after it.
   */
  transfer?: boolean;
}

/** A frame with what is moved along with it. */
export interface Parcel<P> {
  piece: P;
  transfer: Transferable[];
}

const is = <T>(value: unknown, name: string): value is T => {
  const type = (globalThis as unknown as Record<string, (abstract new () => unknown) | undefined>)[name];
  return type !== undefined && value instanceof type;
};

const SIZES: Record<PixelLayout, (w: number, h: number) => number> = {
  rgba: (w, h) => 4 * w * h,
  bgra: (w, h) => 4 * w * h,
  rgb: (w, h) => 3 * w * h,
  bgr: (w, h) => 3 * w * h,
  gray: (w, h) => w * h,
  i420: (w, h) => w * h + 2 * Math.ceil(w / 2) * Math.ceil(h / 2),
  i422: (w, h) => w * h + 2 * Math.ceil(w / 2) * h,
  i444: (w, h) => 3 * w * h,
  nv12: (w, h) => w * h + 2 * Math.ceil(w / 2) * Math.ceil(h / 2),
};

/**
 * Takes the frame as it is now. `scaled`: whether the stream takes frames of other sizes than its own. What is wrong with
 * it is thrown here, before anything is sent.
 */
export function frameParcel(
  source: FrameSource,
  options: FrameOptions,
  stream: { width: number; height: number },
  scaled: boolean,
): Parcel<FramePiece> | Promise<Parcel<FramePiece>> {
  const fits = (width: number, height: number) => {
    if (!scaled && (width !== stream.width || height !== stream.height)) {
      throw new FramewrightError(
        "invalid-input",
        `a frame of ${width}x${height} for a stream of ${stream.width}x${stream.height}: with \`outSize\` frames of ` +
          "any size are scaled",
      );
    }
    return { width, height };
  };
  if (is<VideoFrame>(source, "VideoFrame")) {
    const size = fits(source.displayWidth, source.displayHeight);
    const image = options.transfer ? source : source.clone();
    return { piece: { image, ...size }, transfer: [image] };
  }
  if (is<ImageBitmap>(source, "ImageBitmap")) {
    return { piece: { image: source, ...fits(source.width, source.height) }, transfer: options.transfer ? [source] : [] };
  }
  if (is<ImageData>(source, "ImageData")) {
    const { width, height, data } = source;
    return bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), "rgba", fits(width, height), options);
  }
  if (is<OffscreenCanvas>(source, "OffscreenCanvas") || is<HTMLCanvasElement>(source, "HTMLCanvasElement")) {
    const size = fits(source.width, source.height);
    // The picture of this moment, whatever is drawn next.
    return createImageBitmap(source).then((image) => ({ piece: { image, ...size }, transfer: [image] }));
  }
  if (source instanceof Uint8Array) {
    const size = fits(options.width ?? stream.width, options.height ?? stream.height);
    return bytes(source, options.format ?? "rgba", size, options);
  }
  throw new FramewrightError(
    "invalid-input",
    "a frame has to be a VideoFrame, ImageData, ImageBitmap, OffscreenCanvas, HTMLCanvasElement or Uint8Array",
  );
}

function bytes(
  data: Uint8Array,
  format: PixelLayout,
  size: { width: number; height: number },
  { transfer }: FrameOptions,
): Parcel<FramePiece> {
  const needed = SIZES[format]?.(size.width, size.height);
  if (needed === undefined) {
    const known = Object.keys(SIZES).join(", ");
    throw new FramewrightError("invalid-input", `a frame in format \`${format}\`: it has to be one of ${known}`);
  }
  if (data.length !== needed) {
    const what = `${size.width}x${size.height} ${format}`;
    throw new FramewrightError("invalid-input", `a ${what} frame of ${data.length} bytes: it has to have ${needed}`);
  }
  // A copy, as the caller may draw the next frame into the same bytes before this one is sent.
  const sent = transfer ? data : data.slice();
  return { piece: { format, ...size, data: sent }, transfer: [sent.buffer as ArrayBuffer] };
}

/** Samples in pieces of at most a second, so that a long sound is not in the module's memory as a whole. */
export function samplesParcels(
  source: SamplesSource,
  rate: number,
  channels: number,
): Iterable<Parcel<SamplesPiece> & { frames: number }> {
  const check = (theirs: number, count: number) => {
    if (theirs !== rate || count !== channels) {
      throw new FramewrightError(
        "invalid-input",
        `samples of ${theirs} Hz in ${count} channels for a stream that takes ${rate} Hz in ${channels}`,
      );
    }
  };
  if (is<AudioData>(source, "AudioData")) {
    check(source.sampleRate, source.numberOfChannels);
    const audio = source.clone();
    return [{ piece: { audio }, transfer: [audio], frames: source.numberOfFrames }];
  }
  if (is<AudioBuffer>(source, "AudioBuffer")) {
    check(source.sampleRate, source.numberOfChannels);
    return cut(Array.from({ length: channels }, (_, index) => source.getChannelData(index)), rate);
  }
  if (Array.isArray(source) && source.every((channel) => channel instanceof Float32Array)) {
    check(rate, source.length);
    if (source.some((channel) => channel.length !== source[0]?.length)) {
      throw new FramewrightError("invalid-input", "channels of different lengths: each has to have as many samples");
    }
    // A copy, as the caller may fill the same arrays again before this is sent.
    return [...cut(source, rate)];
  }
  throw new FramewrightError("invalid-input", "samples have to be AudioData, an AudioBuffer or Float32Array[]");
}

function* cut(planes: Float32Array[], size: number): Iterable<Parcel<SamplesPiece> & { frames: number }> {
  const length = planes[0]?.length ?? 0;
  for (let start = 0; start < length; start += size) {
    const frames = Math.min(size, length - start);
    const data = new Float32Array(frames * planes.length);
    planes.forEach((plane, index) => data.set(plane.subarray(start, start + frames), index * frames));
    yield { piece: { channels: planes.length, data }, transfer: [data.buffer], frames };
  }
}
