// The module with one session: what runs in the Worker, or in this thread where there is none.
import { FramewrightError, toWire } from "./errors.js";
import type { GpuLane } from "./gpu.js";
import type { AboutPiece, FileStep, FramePiece, Numbered, Part, Reply, Request, SamplesPiece, Write } from "./protocol.js";
import init, { About, Group, Session, takePanic } from "./wasm/framewright.js";

/** What can be refused without an end of all: the stream goes on. */
const GOES_ON: Request["do"][] = ["frame", "samples", "end", "cue", "advance", "endCues"];

/** A frame that the session takes. */
interface Pixels {
  format: string;
  data: Uint8Array;
}

/** Answers requests one after the other. */
export class Engine {
  #session: Session | undefined;
  #group: Group | undefined;
  #memory: WebAssembly.Memory | undefined;
  /** The ways of streams over a GPU, by their numbers. */
  readonly #lanes = new Map<number, GpuLane>();
  /** Frames that are with a GPU before it is their turn, so that it works while the one before is encoded. */
  readonly #early = new WeakMap<Numbered, Promise<Pixels>>();
  #canvas: OffscreenCanvas | undefined;
  #spent = false;

  /** Does what is asked. Nothing is thrown: what goes wrong is in the answer. */
  async handle(request: Numbered): Promise<Reply> {
    const reply: Reply = { id: request.id, writes: [], steps: [], parts: [], memory: 0 };
    try {
      if (this.#spent) {
        throw new FramewrightError("state", "the encoder failed before");
      }
      reply.value = await this.#answer(request);
    } catch (error) {
      reply.error = toWire(this.#explain(error));
      // What comes before the first frame is set-up: there is nothing to go on with.
      reply.fatal = this.#spent || !GOES_ON.includes(request.do) || reply.error.kind === "io";
    }
    if (!this.#spent) {
      reply.writes = this.#takeWrites();
      reply.steps = this.#takeSteps();
      reply.parts = this.#takeParts();
    }
    reply.memory = this.#memory?.buffer.byteLength ?? 0;
    return reply;
  }

  /** Sees a request before it is its turn. */
  foresee(request: Numbered): void {
    const lane = request.do === "frame" ? this.#lanes.get(request.stream) : undefined;
    if (lane && request.do === "frame") {
      const pixels = this.#convert(lane, request.frame);
      // What is wrong with it is said when it is its turn.
      pixels.catch(() => {});
      this.#early.set(request, pixels);
    }
  }

  async #convert(lane: GpuLane, frame: FramePiece): Promise<Pixels> {
    const pixels = this.#pixels(frame);
    const picture = await lane.convert(pixels.format, frame.width, frame.height, pixels.data);
    return picture ? { format: "i420", data: picture } : pixels;
  }

  async #answer(request: Numbered): Promise<unknown> {
    if (request.do === "load") {
      this.#memory = (await init({ module_or_path: request.module })).memory;
      const { container, seekable, manifest, options } = request;
      this.#session = new Session(container, seekable, manifest, options, about(request.about));
      return undefined;
    }
    if (request.do === "loadGroups") {
      this.#memory = (await init({ module_or_path: request.module })).memory;
      return undefined;
    }
    if (request.do === "beginGroup") {
      this.#group = new Group(request.container, request.width, request.height, request.options, request.extra);
      return undefined;
    }
    if (request.do === "picture") {
      return this.#group?.addPicture(request.picture);
    }
    if (request.do === "endGroup") {
      // The group is gone after it.
      const group = this.#group;
      this.#group = undefined;
      return group?.finish();
    }
    const session = this.#session;
    if (!session) {
      throw new FramewrightError("state", "the module was not loaded");
    }
    switch (request.do) {
      case "video": {
        const stream = session.addVideo(request.width, request.height, request.options, request.extra, request.groups);
        if (request.gpu) {
          // The colours of other codecs are others.
          const codec = request.gpu.codec ?? session.usualVideoCodec();
          const never = codec === "av1" ? request.gpu.never : `frames for ${codec} are converted by the CPU`;
          // Most streams do without.
          this.#lanes.set(stream, await (await import("./gpu.js")).GpuLane.open({ ...request.gpu, never }));
        }
        return stream;
      }
      case "audio":
        return session.addAudio(request.rate, request.channels, request.options, request.extra);
      case "subtitles":
        return session.addSubtitles(request.options);
      case "open":
        return session.open();
      case "frame": {
        const lane = this.#lanes.get(request.stream);
        const early = this.#early.get(request) ?? (lane && this.#convert(lane, request.frame));
        const { format, data } = early ? await early : this.#pixels(request.frame);
        if (request.key) {
          session.forceKeyFrame(request.stream);
        }
        return session.addFrame(request.stream, format, request.frame.width, request.frame.height, data, request.time);
      }
      case "end":
        return session.endAt(request.stream, request.time);
      case "samples": {
        const { channels, data } = samples(request.samples);
        return session.addSamples(request.stream, channels, data, request.time);
      }
      case "cue": {
        const { stream, start, end, text, identifier, settings } = request;
        return session.addCue(stream, start, end, text, identifier, settings);
      }
      case "advance":
        return session.advanceTo(request.stream, request.time);
      case "endCues":
        return session.endCues(request.stream);
      case "endFrames":
        return session.endFrames(request.stream);
      case "give":
        return session.giveGroup(request.stream, request.group, request.packets);
      case "close": {
        const report = session.close();
        this.#lanes.forEach((lane, stream) => (report.streams[stream].gpu = lane.end()));
        return report;
      }
    }
  }

  /** The pixels of a frame. What is no bytes yet is drawn, so that the browser does what its colours ask for. */
  #pixels(frame: FramePiece): Pixels {
    if ("data" in frame) {
      return frame;
    }
    const { image, width, height } = frame;
    try {
      if (typeof OffscreenCanvas === "undefined") {
        throw new FramewrightError("unsupported", "there is no OffscreenCanvas here to draw frames on: give bytes");
      }
      if (this.#canvas?.width !== width || this.#canvas.height !== height) {
        this.#canvas = new OffscreenCanvas(width, height);
      }
      const context = this.#canvas.getContext("2d", { willReadFrequently: true });
      if (!context) {
        throw new FramewrightError("unsupported", `a canvas of ${width}x${height} cannot be drawn on here`);
      }
      context.clearRect(0, 0, width, height);
      context.drawImage(image, 0, 0, width, height);
      const { data } = context.getImageData(0, 0, width, height);
      return { format: "rgba", data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
    } finally {
      image.close();
    }
  }

  #takeWrites(): Write[] {
    const flat = (this.#session?.takeWrites() ?? []) as (number | Uint8Array<ArrayBuffer>)[];
    const writes: Write[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      writes.push({ position: flat[i] as number, data: flat[i + 1] as Uint8Array<ArrayBuffer> });
    }
    return writes;
  }

  #takeSteps(): FileStep[] {
    const flat = (this.#session?.takeFiles() ?? []) as unknown[];
    const steps: FileStep[] = [];
    for (let i = 0; i < flat.length; i += 3) {
      const [what, file, given] = [flat[i] as FileStep["what"], flat[i + 1] as number, flat[i + 2]];
      switch (what) {
        case "open":
          steps.push({ what, file, name: given as string });
          break;
        case "data":
          steps.push({ what, file, data: given as Uint8Array<ArrayBuffer> });
          break;
        case "remove":
          steps.push({ what, name: given as string });
          break;
        default:
          steps.push({ what, file });
      }
    }
    return steps;
  }

  #takeParts(): Part[] {
    const flat = (this.#session?.takeParts() ?? []) as (number | Uint8Array<ArrayBuffer> | undefined)[];
    const parts: Part[] = [];
    for (let i = 0; i < flat.length; i += 3) {
      const [stream, group] = [flat[i] as number, flat[i + 1] as number];
      parts.push({ stream, group, picture: flat[i + 2] as Uint8Array<ArrayBuffer> | undefined });
    }
    return parts;
  }

  /** A trap of the module has no words of its own. */
  #explain(error: unknown): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) {
      return error;
    }
    this.#spent = true;
    let said: string | undefined;
    try {
      said = takePanic();
    } catch {
      // The module is past speaking.
    }
    return said
      ? new FramewrightError("codec", `the encoder panicked, which is a fault of its own: ${said}`)
      : new FramewrightError("codec", `the encoder stopped (${error.message}): most likely it has no memory left`);
  }
}

/** What the file says of itself, in the module; the session takes it over. */
function about({ tags, created, chapters, cover, attachments }: AboutPiece): About {
  const about = new About();
  for (let i = 0; i < tags.length; i += 2) {
    about.tag(tags[i] as string, tags[i + 1] as string);
  }
  if (created !== undefined) {
    about.created(created);
  }
  chapters.forEach(({ start, end, title }) => about.chapter(start, end, title));
  if (cover) {
    about.cover(cover);
  }
  attachments.forEach(({ name, mediaType, data }) => about.attachment(name, mediaType, data));
  return about;
}

function samples(piece: SamplesPiece): { channels: number; data: Float32Array } {
  if ("data" in piece) {
    return piece;
  }
  const { audio } = piece;
  const { numberOfFrames: frames, numberOfChannels: channels } = audio;
  const data = new Float32Array(frames * channels);
  for (let planeIndex = 0; planeIndex < channels; planeIndex++) {
    const plane = data.subarray(planeIndex * frames, (planeIndex + 1) * frames);
    audio.copyTo(plane, { planeIndex, format: "f32-planar" });
  }
  audio.close();
  return { channels, data };
}

/** What of an answer is moved, not copied. */
export function transferables(reply: Reply): ArrayBuffer[] {
  const moved = reply.writes.map((write) => write.data.buffer);
  for (const step of reply.steps) {
    if (step.what === "data") {
      moved.push(step.data.buffer);
    }
  }
  for (const { picture } of reply.parts) {
    if (picture) {
      moved.push(picture.buffer);
    }
  }
  return moved;
}
