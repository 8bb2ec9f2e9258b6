// What passes between an encoder and the engine in its Worker.
import type { WireError } from "./errors.js";
import type { GpuRequest } from "./gpu.js";

/** A frame on its way: bytes, or what a canvas in the Worker can draw. */
export type FramePiece =
  | { format: string; width: number; height: number; data: Uint8Array }
  | { image: ImageBitmap | VideoFrame; width: number; height: number };

/** Samples on their way: all of the first channel, then all of the second, …. */
export type SamplesPiece = { channels: number; data: Float32Array } | { audio: AudioData };

/** What a file says of itself: tags as names and values in turn, times in microseconds but `created`, in seconds of Unix. */
export interface AboutPiece {
  tags: string[];
  created: number | undefined;
  chapters: { start: number; end?: number | undefined; title: string }[];
  cover: Uint8Array | undefined;
  attachments: { name: string; mediaType: string; data: Uint8Array }[];
}

/** What the engine is asked, in this order: load; video, audio and subtitles; open; frame, samples and cue; close. */
export type Request =
  | {
      do: "load";
      module: WebAssembly.Module;
      container: string;
      seekable: boolean;
      /** The name of the manifest, where the output is several files. */
      manifest: string | undefined;
      options: string[];
      about: AboutPiece;
    }
  | { do: "video"; width: number; height: number; options: string[]; extra: string[]; groups: boolean; gpu: GpuRequest | undefined }
  | { do: "audio"; rate: number; channels: number; options: string[]; extra: string[] }
  | { do: "subtitles"; options: string[] }
  | { do: "open" }
  | { do: "frame"; stream: number; frame: FramePiece; time?: number; key?: boolean }
  | { do: "end"; stream: number; time: number }
  | { do: "samples"; stream: number; samples: SamplesPiece; time?: number }
  | { do: "cue"; stream: number; start: number; end: number; text: string; identifier: string; settings: string }
  | { do: "advance"; stream: number; time: number }
  | { do: "endCues"; stream: number }
  | { do: "endFrames"; stream: number }
  | { do: "give"; stream: number; group: number; packets: Uint8Array[] }
  | { do: "close" }
  | GroupRequest;

/** What an engine is asked that encodes groups of pictures, one after the other. */
export type GroupRequest =
  | { do: "loadGroups"; module: WebAssembly.Module }
  | ({ do: "beginGroup" } & GroupSetup)
  | { do: "picture"; picture: Uint8Array }
  | { do: "endGroup" };

/** What a group is like: its container, and the options of its stream. */
export interface GroupSetup {
  container: string;
  width: number;
  height: number;
  options: string[];
  extra: string[];
}

/** A picture for a group of a stream, or, without one, the group's end. */
export interface Part {
  stream: number;
  group: number;
  picture: Uint8Array<ArrayBuffer> | undefined;
}

/** A request with its number, by which its answer is known. */
export type Numbered = Request & { id: number };

/** Bytes for a sink of one file. */
export interface Write {
  position: number;
  data: Uint8Array<ArrayBuffer>;
}

/** What is to be done with one of several files. Each has its number, as there may be two of a name, one after the other. */
export type FileStep =
  | { what: "open"; file: number; name: string }
  | { what: "data"; file: number; data: Uint8Array<ArrayBuffer> }
  | { what: "complete" | "discard"; file: number }
  | { what: "remove"; name: string };

/** An answer. Writes come with failures too: what was encoded before is no less true. */
export interface Reply {
  id: number;
  value?: unknown;
  error?: WireError;
  /** Whether the engine is of no use any more. */
  fatal?: boolean;
  writes: Write[];
  steps: FileStep[];
  /** What other engines are to encode. */
  parts: Part[];
  /** The size of the module's memory. */
  memory: number;
}
