import { ABOUT, aboutPiece, type AboutOptions } from "./about.js";
import { FramewrightError } from "./errors.js";
import { manifestName } from "./folders.js";
import type { GpuRequest } from "./gpu.js";
import { Groups } from "./groups.js";
import { Link } from "./link.js";
import { loadModule, type ModuleSource } from "./module.js";
import { flatten, flattenExtra, whole } from "./options.js";
import type { AudioOptions, Container, FileOptions, SubtitleOptions, VideoOptions } from "./options.js";
import type { FileStep, Reply, Request, Write } from "./protocol.js";
import type { Progress, Report } from "./report.js";
import { makeSink, type Output, type Sink, type SinkOption } from "./sinks.js";
import { AudioStream, lateRefusal, SubtitleStream, VideoStream } from "./streams.js";

/** Options of an encoder. */
export interface EncoderOptions<S extends SinkOption = "bytes"> extends FileOptions, AboutOptions {
  /** The container. `"mp4"` unless said. */
  container?: Container;
  /** Where the file goes. `"bytes"` unless said: `close` gives a `Uint8Array`. */
  sink?: S;
  /**
   * The name of the manifest of HLS and DASH; those of the other files begin with what stands before its last dot.
   * `video.m3u8` and `video.mpd` unless said.
   */
  name?: string;
  /**
   * Whether a stream that is the sink takes `{ type: "write", position, data }`, so that the file can be corrected at its
   * end. Unless said, a `FileSystemWritableFileStream` does, others do not and get the streaming layout.
   */
  seekable?: boolean;
  /** Cancels the encoder when it is aborted. */
  signal?: AbortSignal;
  /** Hears of each frame that was taken and of all that was written. */
  onProgress?: (progress: Progress) => void;
  /** How many frames of a stream may wait for the encoder before `addFrame` makes its caller wait. 4 unless said. */
  maxWaiting?: number;
  /** The WebAssembly module, or where it is, if not beside the library's files. */
  module?: ModuleSource;
  /**
   * How many Workers encode groups of pictures, from key frame to key frame, each at a time of its own, beside the one that
   * muxes: 1 to 64. With 1, one Worker does all. The bytes are the same. Unless said, as many as there are processors, at
   * most 4, where the page is cross-origin isolated; else 1. Each takes some 40 MB and the pictures that wait for it, and each
   * group some pictures of looking ahead, so groups should be neither short nor few. It is for AV1 at a constant quality.
   */
  workers?: number;
  /** Whether it encodes in a Worker of its own. True unless said; false in Node, and where one is in a Worker already. */
  worker?: boolean;
}

/** What an encoder's own options are called; the others go to the library. */
const OWN = ["container", "sink", "name", "seekable", "signal", "onProgress", "maxWaiting", "module", "worker", "workers", ...ABOUT] as const;

/**
 * Makes one file of video and audio streams.
 *
 * ```js
 * const encoder = new Encoder({ container: "mp4" });
 * const video = encoder.addVideo({ width: 320, height: 180, frameRate: 25 });
 * for (const frame of frames) await video.addFrame(frame);
 * const bytes = await encoder.close();
 * ```
 *
 * It runs in a Worker, so the page stays alive; `close` and `cancel` end the Worker, which frees all of its memory.
 */
export class Encoder<S extends SinkOption = "bytes"> {
  /** What was made, once `close` has resolved. */
  report: Report | undefined;

  readonly #sink: Sink;
  readonly #link: Link;
  /** Where other Workers encode groups of pictures. */
  readonly #groups: Groups | undefined;
  readonly #loaded: Promise<WebAssembly.Module>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #maxWaiting: number;
  readonly #container: Container;
  readonly #streams: (VideoStream | AudioStream | SubtitleStream)[] = [];
  readonly #progress: Progress = { framesIn: 0, framesEncoded: 0, samplesIn: 0, bytesOut: 0 };
  #end = 0;
  /** The bytes of the module's memory. */
  #memory = 0;
  #hasVideo = false;
  #opened: Promise<unknown> | undefined;
  #closing: Promise<Output<S>> | undefined;
  #failure: unknown;
  #aborted: Promise<void> | undefined;
  /** Resolves when the sink has taken what it was given. */
  #written: Promise<void> = Promise.resolve();

  /** Starts a Worker. What is wrong with the options of the file rejects the first `addFrame`, or `start`. */
  constructor(options: EncoderOptions<S> = {}) {
    options.signal?.throwIfAborted();
    this.#container = options.container ?? "mp4";
    this.#maxWaiting = options.maxWaiting === undefined ? 4 : whole("maxWaiting", options.maxWaiting);
    if (this.#maxWaiting < 1) {
      throw new FramewrightError("invalid-option", "option `maxWaiting` is 0: at least one frame has to wait");
    }
    this.#onProgress = options.onProgress;
    const file = flatten(options, OWN);
    const manifest = manifestName(this.#container, options.name);
    const about = aboutPiece(options);
    // Told by what loads the module; or not, where something below is wrong.
    about.catch(() => {});
    const inWorker = options.worker ?? true;
    if (inWorker && typeof Worker === "undefined") {
      throw new FramewrightError("unsupported", "there are no Workers here: give `worker: false`");
    }
    const workers = inWorker ? workerCount(options.workers) : 1;
    this.#sink = makeSink(options.sink ?? "bytes", manifest !== undefined, options.seekable);
    this.#link = new Link(inWorker, {
      replied: (reply) => this.#replied(reply),
      failed: (error) => this.#fail(error),
    });
    this.#loaded = Promise.all([loadModule(options.module), about]).then(([module, about]) => {
      // Not waited for: what comes next is answered after it.
      void this.#setUp({
        do: "load",
        module,
        container: this.#container,
        seekable: this.#sink.seekable,
        manifest,
        options: file,
        about,
      });
      return module;
    });
    if (workers > 1) {
      this.#groups = new Groups(workers, this.#loaded, {
        coded: (stream, group, packets) => this.#link.ask({ do: "give", stream, group, packets }),
        failed: (error) => this.#fail(error),
      });
    }
    this.#loaded.catch((error) => this.#fail(error));
    this.#signal = options.signal;
    this.#onAbort = () => void this.cancel(this.#signal?.reason);
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /**
   * Adds a video stream; all streams have to be added before the first frame. What is wrong with the options rejects the
   * first `addFrame`, or `start`.
   */
  addVideo(options: VideoOptions): VideoStream {
    this.#checkSetup();
    const { width, height, extra } = options;
    const request = {
      do: "video",
      width: whole("width", width),
      height: whole("height", height),
      options: flatten(options, ["width", "height", "extra", "gpu"]),
      extra: flattenExtra(extra),
      groups: this.#groups !== undefined,
      gpu: gpuRequest(options),
    } as const satisfies Request;
    void this.#loaded.then(() => this.#setUp(request)).catch(() => {});
    this.#groups?.add(this.#streams.length, {
      container: this.#container,
      width: request.width,
      height: request.height,
      options: request.options,
      extra: request.extra,
    });
    const stream = new VideoStream(this.#host(), this.#streams.length, this.#maxWaiting, { ...options });
    this.#streams.push(stream);
    this.#hasVideo = true;
    return stream;
  }

  /** Adds an audio stream, as `addVideo` does one of pictures. */
  addAudio(options: AudioOptions): AudioStream {
    this.#checkSetup();
    const { sampleRate, numberOfChannels, extra } = options;
    const request: Request = {
      do: "audio",
      rate: whole("sampleRate", sampleRate),
      channels: whole("numberOfChannels", numberOfChannels),
      options: flatten(options, ["sampleRate", "numberOfChannels", "extra"]),
      extra: flattenExtra(extra),
    };
    void this.#loaded.then(() => this.#setUp(request)).catch(() => {});
    const stream = new AudioStream(this.#host(), this.#streams.length, this.#maxWaiting, { ...options });
    this.#streams.push(stream);
    return stream;
  }

  /**
   * Adds a stream of subtitles, as `addVideo` does one of pictures. Pictures and sound wait in memory, up to `queueBytes`,
   * for cues that could begin before them: give cues in step with the pictures, say how far they are with `advanceTo`, or
   * give all of them first and then `end` the stream.
   */
  addSubtitles(options: SubtitleOptions = {}): SubtitleStream {
    this.#checkSetup();
    const request: Request = { do: "subtitles", options: flatten(options) };
    void this.#loaded.then(() => this.#setUp(request)).catch(() => {});
    const stream = new SubtitleStream(this.#host(), this.#streams.length, this.#maxWaiting);
    this.#streams.push(stream);
    return stream;
  }

  /**
   * Resolves when the module is loaded and all options have been found to be right. Nobody has to call it: the first frame
   * does. No stream can be added after it.
   */
  async start(): Promise<void> {
    this.#check();
    await this.#open();
    // What was wrong before that, with a stream, is the failure to be told.
    this.#check();
  }

  /**
   * Ends all streams, completes the file and ends the Worker. Gives the file for the sinks `"bytes"` and `"blob"`, and files
   * by name for `"files"`; what was made is in `report`.
   *
   * A frame that was refused after its `addFrame` had resolved, and that no later call told of, rejects it: the file is
   * complete without that frame.
   */
  close(): Promise<Output<S>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Output<S>> {
    this.#check();
    // Streams without a frame have to be known before the end.
    const opened = this.#open();
    let output: Output<S>;
    try {
      await Promise.all(this.#streams.map((stream) => stream.settled()));
      await opened;
      await this.#endGroups();
      const made = (await this.#link.ask({ do: "close" })) as Omit<Report, "moduleMemory">;
      this.report = { ...made, moduleMemory: this.#memory + (this.#groups?.memory ?? 0) };
      await this.#written;
      this.#check();
      const type = `${this.#hasVideo ? "video" : "audio"}/${this.#container === "matroska" ? "x-matroska" : this.#container}`;
      output = (await this.#sink.close(type).catch((error) => {
        throw sinkError(error);
      })) as Output<S>;
    } catch (error) {
      this.#fail(error);
      throw this.#failure ?? error;
    }
    this.#release(new FramewrightError("state", "the encoder is closed: make a new one for the next file"));
    const late = this.#streams.map((stream) => stream.takeLate()).find((error) => error !== undefined);
    if (late !== undefined) {
      throw lateRefusal(late);
    }
    return output;
  }

  /** Has what is left of the pictures encoded elsewhere, and waits for it. */
  async #endGroups(): Promise<void> {
    if (this.#groups) {
      await Promise.all(this.#streams.map((_, stream) => this.#link.ask({ do: "endFrames", stream })));
      await this.#groups.settled();
      this.#check();
    }
  }

  /**
   * Gives the file up: ends the Worker, aborts the sink (of several files, removes those that were made), and rejects
   * whatever is waiting with `reason` (an `AbortError`
   * unless said). Does nothing after `close` has resolved.
   */
  async cancel(reason: unknown = new DOMException("the encoder was cancelled", "AbortError")): Promise<void> {
    this.#fail(reason, true);
    await this.#aborted;
  }

  #host() {
    return {
      send: (request: Request, transfer: Transferable[]) => {
        void this.#open();
        return this.#loaded.then(() => this.#link.ask(request, transfer));
      },
      check: () => {
        this.#check();
        if (this.#closing) {
          throw new FramewrightError("state", "the encoder is closed: make a new one for the next file");
        }
      },
      ready: async () => {
        try {
          await this.#open();
          await this.#written;
          await this.#groups?.ready();
        } catch (error) {
          throw this.#failure ?? sinkError(error);
        }
      },
      fed: (frames: number, samples: number) => {
        this.#progress.framesIn += frames;
        this.#progress.samplesIn += samples;
      },
      taken: (frames: number) => {
        this.#progress.framesEncoded += frames;
        this.#onProgress?.({ ...this.#progress });
      },
    };
  }

  /** All streams are there. Whoever waits for it hears of a failure; `#fail` does in any case. */
  #open(): Promise<unknown> {
    if (!this.#opened) {
      this.#opened = this.#loaded.then(() => this.#setUp({ do: "open" }));
      this.#opened.catch(() => {});
    }
    return this.#opened;
  }

  /** Asks for something without which nothing else can be. */
  #setUp(request: Request): Promise<unknown> {
    const answer = this.#link.ask(request);
    answer.catch((error) => this.#fail(error));
    return answer;
  }

  #check(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  #checkSetup(): void {
    this.#check();
    if (this.#opened || this.#closing) {
      throw new FramewrightError("state", "a stream cannot be added after the first frame: add all streams first");
    }
  }

  #replied(reply: Reply): void {
    this.#memory = Math.max(this.#memory, reply.memory);
    reply.parts.forEach((part) => this.#groups?.take(part));
    const wanted: (Write | FileStep)[] = [...reply.writes, ...reply.steps];
    for (const write of wanted) {
      if ("position" in write) {
        this.#end = Math.max(this.#end, write.position + write.data.length);
      } else if (write.what === "data") {
        this.#end += write.data.length;
      }
      this.#written = this.#written.then(() => this.#sink.write(write));
    }
    if (wanted.length > 0) {
      this.#progress.bytesOut = this.#end;
      this.#written.catch((error) => this.#fail(sinkError(error)));
      this.#onProgress?.({ ...this.#progress });
    }
  }

  #fail(error: unknown, cancelled = false): void {
    if (this.#failure !== undefined) {
      return;
    }
    this.#failure = error;
    this.#release(error);
    this.#aborted = this.#sink.abort(error, cancelled);
  }

  /** Lets go of the Worker and of the signal; whoever comes later hears `reason`. */
  #release(reason: unknown): void {
    this.#failure ??= reason;
    this.#link.end(reason);
    this.#groups?.end(reason);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

/** What the engine is told of a GPU: nothing where none is wanted. */
function gpuRequest(options: VideoOptions): GpuRequest | undefined {
  const { gpu: wanted = false, width, height, color, range, pixelFormat = "yuv420p" } = options;
  if (wanted !== true && wanted !== false && wanted !== "auto") {
    throw new FramewrightError("invalid-option", `option \`gpu\` is ${String(wanted)}: use true, false or "auto"`);
  }
  const never = [
    options.outSize !== undefined && "frames are scaled by the CPU",
    options.alpha && "transparency is kept by the CPU",
    pixelFormat !== "yuv420p" && `${pixelFormat} is made by the CPU`,
  ].find((reason) => typeof reason === "string");
  return wanted === false ? undefined : { wanted, width, height, color, range, codec: options.codec, never: never || undefined };
}

/** How many Workers encode groups of pictures. */
function workerCount(asked: number | undefined): number {
  if (asked === undefined) {
    const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
    return isolated ? Math.min(navigator.hardwareConcurrency, 4) : 1;
  }
  if (whole("workers", asked) < 1 || asked > 64) {
    throw new FramewrightError("invalid-option", `option \`workers\` is ${asked}: use 1 to 64`);
  }
  return asked;
}

function sinkError(error: unknown): FramewrightError {
  const why = error instanceof Error ? error.message : String(error);
  return error instanceof FramewrightError ? error : new FramewrightError("io", `writing to the sink failed: ${why}`, error);
}
