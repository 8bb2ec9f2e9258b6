import { FramewrightError } from "./errors.js";
import type { AudioOptions, VideoOptions } from "./options.js";
import { frameParcel, samplesParcels, type FrameOptions, type FrameSource, type SamplesSource } from "./sources.js";
import type { Request } from "./protocol.js";

/** What a stream asks of its encoder. */
export interface Host {
  /** Sends a request once all before it have been sent; fails where the encoder takes nothing more. */
  send(request: Request, transfer: Transferable[]): Promise<unknown>;
  /** Throws where the encoder takes nothing more. */
  check(): void;
  /** Resolves when the encoder was opened, whose options are right then, and its sink wants more. */
  ready(): Promise<void>;
  /** Something was handed over. */
  fed(frames: number, samples: number): void;
  /** The encoder has taken so many frames. */
  taken(frames: number): void;
}

/** What streams have in common: an order, a limit, and refusals that come late. */
abstract class Stream {
  /** Resolves when all that was handed over has been sent. */
  protected tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #wanting: (() => void)[] = [];
  #late: unknown;

  constructor(
    protected readonly host: Host,
    protected readonly index: number,
    private readonly limit: number,
  ) {}

  /** Sends what `make` resolves to, in the order of the calls. Resolves when there is room for more. */
  protected async feed(make: Promise<{ request: Request; transfer: Transferable[] }>, taken: () => void): Promise<void> {
    this.#waiting++;
    // In an object, since a promise of a promise would wait for the answer too.
    const sent = this.tail.then(async () => {
      const { request, transfer } = await make;
      return { answer: this.host.send(request, transfer) };
    });
    this.tail = sent.catch(() => {});
    let heard = false;
    let refused: { error: unknown } | undefined;
    void sent
      .then(({ answer }) => answer)
      .then(taken)
      .catch((error) => {
        // Who waits for room hears of a refusal; else the next call does.
        if (heard) {
          this.#late ??= error;
        } else {
          refused = { error };
        }
      })
      .then(() => {
        this.#waiting--;
        this.#wanting.splice(0).forEach((look) => look());
      });
    while (!refused && this.#waiting >= this.limit) {
      await new Promise<void>((look) => this.#wanting.push(look));
    }
    if (!refused) {
      await this.host.ready();
    }
    heard = true;
    if (refused) {
      throw refused.error;
    }
  }

  /** A refusal that came after the promise of its call had been kept, if there was one. */
  takeLate(): unknown {
    const late = this.#late;
    this.#late = undefined;
    return late;
  }

  protected begin(): void {
    const late = this.takeLate();
    if (late !== undefined) {
      throw late;
    }
    this.host.check();
  }

  /** Resolves when all that was handed over has been sent. */
  settled(): Promise<unknown> {
    return this.tail;
  }
}

/** A video stream of an encoder. */
export class VideoStream extends Stream {
  readonly #options: VideoOptions;

  /** @internal */
  constructor(host: Host, index: number, limit: number, options: VideoOptions) {
    super(host, index, limit);
    this.#options = options;
  }

  /**
   * Hands over the next frame, as it looks now. It is copied unless `transfer` says otherwise (of a `VideoFrame` only the
   * handle is), so the caller may go on drawing, and closes its own.
   *
   * Resolves when fewer than `maxWaiting` frames wait for the encoder and the sink wants more: await it, and memory stays
   * bounded. A frame of a wrong size or form is refused at once; what the encoder refuses later is thrown by the next call,
   * or by `close`. The stream goes on after `invalid-input`.
   */
  async addFrame(source: FrameSource, options: FrameOptions = {}): Promise<void> {
    this.begin();
    const scaled = this.#options.outSize !== undefined;
    const parcel = Promise.resolve(frameParcel(source, options, this.#options, scaled));
    const ownTime = this.#options.timeBase !== undefined && "timestamp" in source ? source.timestamp : undefined;
    const time = options.timestamp ?? ownTime;
    const make = parcel.then(({ piece, transfer }) => ({
      request: { do: "frame", stream: this.index, frame: piece, time, key: options.keyFrame } as Request,
      transfer,
    }));
    // Where an earlier one fails first, nobody looks at this one.
    make.catch(() => {});
    this.host.fed(1, 0);
    await this.feed(make, () => this.host.taken(1));
  }

  /** Says when the last frame ends, in microseconds; without it, it lasts as long as one of the frame rate. */
  async endAt(timestamp: number): Promise<void> {
    this.begin();
    await this.feed(Promise.resolve({ request: { do: "end", stream: this.index, time: timestamp }, transfer: [] }), () => {});
  }
}

/** An audio stream of an encoder. */
export class AudioStream extends Stream {
  readonly #options: AudioOptions;
  /** The pieces of a call stay together: the next call waits for its turn. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(host: Host, index: number, limit: number, options: AudioOptions) {
    super(host, index, limit);
    this.#options = options;
  }

  /**
   * Hands over the next samples, any number of them: from -1 to 1, at the stream's rate and in its channels. They go on
   * where the ones before ended, or at `timestamp` (microseconds), with silence in between.
   *
   * Resolves when there is room for more, as `addFrame` does.
   */
  async addSamples(source: SamplesSource, options: { timestamp?: number } = {}): Promise<void> {
    this.begin();
    const { sampleRate, numberOfChannels } = this.#options;
    const parcels = samplesParcels(source, sampleRate, numberOfChannels);
    const turn = this.#turn.then(async () => {
      // Only the first piece has a time: the others follow it.
      let time = options.timestamp;
      for (const { piece, transfer, frames } of parcels) {
        const request: Request = { do: "samples", stream: this.index, samples: piece, time };
        this.host.fed(0, frames);
        await this.feed(Promise.resolve({ request, transfer }), () => {});
        time = undefined;
      }
    });
    this.#turn = turn.catch(() => {});
    await turn;
  }

  override settled(): Promise<unknown> {
    return this.#turn.then(() => super.settled());
  }
}

/** A stream of subtitles of an encoder. Its times are in microseconds from the start of the file. */
export class SubtitleStream extends Stream {
  #ended = false;

  /** @internal */
  constructor(host: Host, index: number, limit: number) {
    super(host, index, limit);
  }

  /**
   * Shows `text` from `start` to `end`. Cues come in the order in which they begin, and may overlap. The text has WebVTT's
   * marks (`<i>`, `<b>`, `&amp;`) and any number of lines; `settings` say where it is shown, as in `"line:0 align:start"`.
   *
   * Resolves when there is room for more, as `addFrame` does.
   */
  async addCue(start: number, end: number, text: string, options: { identifier?: string; settings?: string } = {}): Promise<void> {
    this.#begin();
    const { identifier = "", settings = "" } = options;
    for (const [name, value] of Object.entries({ text, identifier, settings })) {
      if (typeof value !== "string") {
        throw new FramewrightError("invalid-input", `the \`${name}\` of a cue is ${String(value)}: it has to be a string`);
      }
    }
    await this.#send({ do: "cue", stream: this.index, start: time("start", start), end: time("end", end), text, identifier, settings });
  }

  /**
   * Says that no cue begins before `timestamp`, so that pictures and sound up to it need not wait for one: what waits is in
   * memory, up to `queueBytes`. A cue says as much of the time before it begins.
   */
  async advanceTo(timestamp: number): Promise<void> {
    this.#begin();
    await this.#send({ do: "advance", stream: this.index, time: time("timestamp", timestamp) });
  }

  /** Says that no more cues come, so that nothing waits for them any more. `close` does it too. */
  async end(): Promise<void> {
    this.#begin();
    this.#ended = true;
    await this.#send({ do: "endCues", stream: this.index });
  }

  #begin(): void {
    if (this.#ended) {
      throw new FramewrightError("state", "the subtitles were ended: they take no more cues");
    }
    this.begin();
  }

  #send(request: Request): Promise<void> {
    return this.feed(Promise.resolve({ request, transfer: [] }), () => {});
  }
}

function time(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) {
    return value;
  }
  throw new FramewrightError("invalid-input", `the \`${name}\` of a cue is ${String(value)}: give a number of microseconds`);
}

/** What is thrown where a stream was given something and then nothing could be done about it. */
export function lateRefusal(error: unknown): unknown {
  if (error instanceof FramewrightError) {
    return new FramewrightError(error.kind, `${error.message}; the file was completed without it`, error);
  }
  return error;
}
