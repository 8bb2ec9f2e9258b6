import type { Container } from "./options.js";

/** What was made. */
export interface Report {
  /** The container. */
  container: Container;
  /** The size of the file in bytes; of several files, of all of them, and of manifests each time they are written. */
  bytes: number;
  /** The length of the longest stream in seconds. */
  duration: number;
  /**
   * The bytes of linear memory that its modules had at the end, those of all its Workers together. They go with the Workers;
   * without a Worker, one module serves all encoders.
   */
  moduleMemory: number;
  /** The streams, in the order in which they were added. */
  streams: (VideoReport | AudioReport | SubtitleReport)[];
}

/** What became of one stream. */
export interface StreamReport {
  /** The codec's name. */
  codec: string;
  /** The `codecs` parameter of its media type, where the stream was fed. */
  codecString?: string;
  /** Whether the file has a track of it: not if it was never fed. */
  present: boolean;
  /** Packets written. */
  packets: number;
  /** Key frames among them; of audio, all. */
  keyFrames: number;
  /** The bytes of its packets. */
  bytes: number;
  /** Its length in seconds. */
  duration: number;
  /** Its average bits a second. */
  bitRate: number;
}

/** What became of a video stream. */
export interface VideoReport extends StreamReport {
  kind: "video";
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** Frames encoded. */
  frames: number;
  /** What a GPU did, where the stream asked for one. */
  gpu?: GpuReport;
}

/** What a GPU did for a stream. */
export interface GpuReport {
  /** Its name, if there is one. */
  adapter?: string;
  /** How many frames it converted. The others were converted by the CPU, with the same result. */
  frames: number;
  /** Why the CPU took over, or had to do all of it. */
  fallback?: string;
}

/** What became of an audio stream. */
export interface AudioReport extends StreamReport {
  kind: "audio";
  /** Samples a second in the file. */
  sampleRate: number;
  /** Channels in the file. */
  channels: number;
  /** Samples a channel in the file. */
  samples: number;
}

/** What became of a stream of subtitles. */
export interface SubtitleReport extends StreamReport {
  kind: "subtitles";
  /** Cues written. */
  cues: number;
}

/** How far an encoder has come. */
export interface Progress {
  /** Frames that were handed over. */
  framesIn: number;
  /** Frames among them that the encoder has taken. */
  framesEncoded: number;
  /** Samples a channel that were handed over, of all audio streams together. */
  samplesIn: number;
  /** Bytes that the sink was given. */
  bytesOut: number;
}
