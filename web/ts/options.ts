import { FramewrightError } from "./errors.js";

/** The containers of the package. */
export type UsualContainer = "mp4" | "webm" | "matroska" | "mov";

/** Those that a module has beside them that was built by `npm run build -- --full`. */
export type FullContainer = "hls" | "dash" | "avi" | "ivf" | "obu" | "y4m" | "avif" | "ogg" | "wav" | "flac";

/** A container. */
export type Container = UsualContainer | FullContainer;

/** Formats of frames that come as bytes: 8 bits a sample, rows and planes one after the other without padding. */
export type PixelLayout = "rgba" | "bgra" | "rgb" | "bgr" | "gray" | "i420" | "i422" | "i444" | "nv12";

/** Options of the file. */
export interface FileOptions {
  /**
   * Where the file has what. Unless said, the first of the container that the sink allows.
   *
   * - `plain`: the index is at the end. The smallest; needs a sink that takes corrections.
   * - `faststart`: the index is in front, so that a player on a network begins at once. In MP4 the file waits in the
   *   module's memory until its end, and goes to any sink then, unless `indexReserve` is given and the sink takes
   *   corrections. So it does in Matroska and WebM where the sink takes none.
   * - `fragmented` (MP4, MOV), `live` (Matroska, WebM): for sinks that are written from start to end.
   * - `recoverable` (MP4): fragments while it is written, `plain` at the end; needs a sink that takes corrections.
   * - `segments`, `byte-ranges` (HLS, DASH): a file a segment, or one a track.
   */
  layout?: "plain" | "faststart" | "fragmented" | "recoverable" | "live" | "segments" | "byte-ranges";
  /** Milliseconds after which a fragment or cluster ends at the next key frame: 100 to 60000. */
  fragmentDuration?: number;
  /** Bytes that a fragment or cluster gathers in memory at most: 65536 to 1073741824. */
  fragmentBytes?: number;
  /**
   * Bytes that the layout `faststart` keeps free for the index: 0 to 1073741824, some 8 a packet. Where that is too little
   * the index goes behind, unless the file waits in memory.
   */
  indexReserve?: number;
  /** Milliseconds after which a segment of HLS or DASH ends at the next key frame: 500 to 600000. 6000 unless said. */
  segmentDuration?: number;
  /** How many segments a live manifest lists, 3 to 100000; older ones are removed. Unless said, all stay. */
  liveWindow?: number;
  /** Lets packets of sound share blocks, in Matroska. */
  lacing?: boolean;
  /** Bytes of packets that may wait for the other streams: 65536 and more. 64 MiB unless said. */
  queueBytes?: number;
  /** Pixels of a frame, as it is given and as it is scaled to: up to 142,606,336. 67,108,864 unless said. */
  maxFramePixels?: number;
  /** Streams of the file: up to 126, which is the default. */
  maxStreams?: number;
  /** Samples a channel in one call: 2^30 unless said. */
  maxSamplesPerCall?: number;
  /** How far from 0 anything may be, in whole seconds: 366 days unless said. It catches times since 1970, and wrong units. */
  maxDuration?: number;
  /** Memory of the video engines, as it is reckoned: 1,048,576 bytes and more, 16 GiB unless said. Each Worker has its own. */
  maxEngineBytes?: number;
}

/** What tracks say of themselves. */
export interface LabelOptions {
  /** The track's language: ISO 639 (`de`, `deu`) or BCP 47 (`pt-BR`). */
  language?: string;
  /** A name of the track for people. */
  title?: string;
  /** Whether players take the track unless told otherwise. */
  default?: boolean;
  /** Whether players always show the track. */
  forced?: boolean;
  /** Tracks of one number are alternatives of which one is played; 0 of none. */
  alternateGroup?: number;
}

/** Options of a video stream. All but the size can be left out. */
export interface VideoOptions extends LabelOptions {
  /** Width of the frames in pixels. */
  width: number;
  /** Height of the frames in pixels. */
  height: number;
  /** Frames a second: `30`, `29.97` (means 30000/1001), `"30000/1001"`. 30 unless said. */
  frameRate?: number | string;
  /**
   * The unit of the frames' own times, as in `"1/1000000"`. It makes the frame rate variable: each frame needs a time then,
   * and that of a `VideoFrame` is taken.
   */
  timeBase?: string;
  /** The codec; unless said, the container's usual one, which is AV1; `mjpeg` is in the full module. */
  codec?: "av1" | "mjpeg" | "raw";
  /** Chroma subsampling and bit depth. `yuv420p` unless said, which plays everywhere; AV1 of 10 bits is in the full module. */
  pixelFormat?:
    | "yuv420p"
    | "yuv422p"
    | "yuv444p"
    | "gray"
    | "yuv420p10"
    | "yuv422p10"
    | "yuv444p10"
    | "gray10"
    | "rgb"
    | "rgba";
  /** Constant quality from 0 (best) to 63. 30 unless said; nine or ten steps double or halve the size. */
  crf?: number;
  /** Speed from 0 (slowest, smallest) to 10 (fastest). 10 unless said. */
  preset?: number;
  /** An average of this many bits a second instead of constant quality: `2500000`, `"2.5M"`. */
  bitRate?: number | string;
  /** The most frames from one key frame to the next. 240 unless said. */
  keyframeInterval?: number;
  /** Tiles a frame, 1 to 64. By the frame's size unless said. */
  tiles?: number;
  /** Primaries, transfer, matrix and range: `bt709`, `bt601`, `bt2020`, `pq`, `hlg`, each with `/full` if wanted. */
  color?: string;
  /** The range of the colour alone. */
  range?: "limited" | "full";
  /** Packets come out after fewer frames, for about half as many bits again. */
  lowLatency?: boolean;
  /** Scales the frames to this size, as in `"640x360"`; frames may have any size then. */
  outSize?: string | { width: number; height: number };
  /** How frames of other proportions fill `outSize`. */
  fit?: "pad" | "stretch";
  /** How players turn the picture, clockwise. */
  rotate?: 0 | 90 | 180 | 270 | string;
  /** The shape of a pixel, as in `"16:11"`. */
  sampleAspectRatio?: string;
  /** The display that HDR pictures were graded on: `G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)`. */
  masteringDisplay?: string;
  /** How bright HDR pictures get, as in `"1000,400"`. */
  contentLight?: string;
  /** Keeps the transparency of RGBA frames, where the container can say it. */
  alpha?: boolean;
  /** Lets a frame that repeats the one before be a longer duration of that one. Goes with `timeBase`. */
  mergeRepeats?: boolean;
  /** Takes noise out before encoding: 0 (off) to 10, or as much as there is. In the full module. */
  denoise?: number | "auto";
  /**
   * Whether a GPU converts colours, by WebGPU: `true`, `"auto"` (not one that is software), or `false`, which it is unless
   * said. The bytes are the same. It takes canvases, bitmaps, `VideoFrame`s and bytes of RGBA and BGRA, in the stream's size,
   * for `yuv420p` in `bt709` and `bt601`; all else, and where there is no GPU, is done by the CPU, which `report` says.
   */
  gpu?: boolean | "auto";
  /** Options that one codec alone has, under the library's own names: `{ tune: "psnr" }`. */
  extra?: Record<string, string | number | boolean>;
}

/** Options of an audio stream. */
export interface AudioOptions extends LabelOptions {
  /** Samples a second of what comes in: 8000 to 192000. */
  sampleRate: number;
  /** Channels of what comes in: 1 to 8. */
  numberOfChannels: number;
  /** The codec; unless said, the container's usual one, which is Opus, in MOV PCM; `flac` is in the full module. */
  codec?: "opus" | "flac" | "pcm";
  /** Bits a second of all channels together: `128000`, `"128k"`. */
  bitRate?: number | string;
  /** Samples a second in the file; resampled where it differs. */
  outSampleRate?: number;
  /** Channels in the file; mixed up or down where they differ. */
  outNumberOfChannels?: number;
  /** The form of a sample, of FLAC and PCM. */
  sampleFormat?: "s16" | "s24" | "s32" | "f32";
  /** Options that one codec alone has, under the library's own names: `{ complexity: 5 }`. */
  extra?: Record<string, string | number | boolean>;
}

/** Options of a stream of subtitles. */
export interface SubtitleOptions extends LabelOptions {
  /** The codec; there is one. */
  codec?: "webvtt";
  /** What WebVTT has before its cues: STYLE and REGION blocks. */
  header?: string;
}

/** Where the library's name is not the same words with `_` between them. */
const NAMES: Record<string, string> = { outNumberOfChannels: "out_num_channels" };

/** Options as the module takes them: names and values in turn. What is `undefined` is left out. */
export function flatten(options: object, without: readonly string[] = []): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !without.includes(name)) {
      flat.push(NAMES[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), text(name, value));
    }
  }
  return flat;
}

/** As `flatten`, with the names as they are. */
export function flattenExtra(options: object = {}): string[] {
  return Object.entries(options).flatMap(([name, value]) => [name, text(name, value)]);
}

function text(name: string, value: unknown): string {
  if (typeof value === "object" && value !== null && "width" in value && "height" in value) {
    return `${value.width}x${value.height}`;
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  throw new FramewrightError("invalid-option", `option \`${name}\` is ${String(value)}: give a string, number or boolean`);
}

/** A whole number that the module takes as 32 bits without a sign: JavaScript would cut it to size in silence. */
export function whole(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    return value;
  }
  throw new FramewrightError("invalid-option", `option \`${name}\` is ${String(value)}: give a whole number`);
}
