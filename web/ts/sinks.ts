// Where the bytes go.
import { FramewrightError } from "./errors.js";
import { isFolder, makeFolder, type FolderOption } from "./folders.js";
import type { FileStep, Write } from "./protocol.js";

/** A stream of a file that also takes positions, as those of File System Access and of OPFS do. */
export type FileStream = WritableStream<{ type: "write"; position: number; data: Uint8Array }>;

/**
 * Where the file goes: `"bytes"` and `"blob"` keep it in memory and give it in `close`; a `WritableStream` is written to
 * from its start to its end, and a `FileSystemWritableFileStream` also gets the layout that is corrected at the end. HLS and
 * DASH are several files: `"files"`, a `FileSystemDirectoryHandle`, or a `FolderTarget`.
 */
export type SinkOption = "bytes" | "blob" | WritableStream<Uint8Array> | FileSystemWritableFileStream | FolderOption;

/** What `close` gives for a sink. */
export type Output<S extends SinkOption> = S extends "bytes"
  ? Uint8Array<ArrayBuffer>
  : S extends "blob"
    ? Blob
    : S extends "files"
      ? Map<string, Uint8Array<ArrayBuffer>>
      : undefined;

/** Something to write to. */
export interface Sink {
  /** Whether what was written can be written again. */
  readonly seekable: boolean;
  /** Takes what is next; resolves when more is welcome. Of several files it is given steps, else writes. */
  write(write: Write | FileStep): Promise<void>;
  /** All is complete. */
  close(type: string): Promise<Output<SinkOption>>;
  /** It is given up: by whoever wanted it, or since something failed. */
  abort(reason: unknown, cancelled: boolean): Promise<void>;
}

/** The sink for an option; `several`: whether the container is several files; `seekable` overrules what a stream looks like. */
export function makeSink(option: SinkOption, several: boolean, seekable: boolean | undefined): Sink {
  const isStream = typeof (option as WritableStream | null)?.getWriter === "function";
  if (seekable !== undefined && !isStream) {
    throw new FramewrightError("invalid-option", `option \`seekable\` is ${seekable}: it goes with a WritableStream as the sink`);
  }
  if (several) {
    if (!isFolder(option)) {
      throw new FramewrightError(
        "invalid-option",
        'option `sink`: HLS and DASH are several files: give "files", a FileSystemDirectoryHandle, or an object with `open(name)`',
      );
    }
    return makeFolder(option);
  }
  if (option === "bytes" || option === "blob") {
    return new MemorySink(option);
  }
  if (!isStream) {
    const why = isFolder(option) ? "several files are what the containers hls and dash make; for one, " : "";
    throw new FramewrightError("invalid-option", `option \`sink\`: ${why}give "bytes", "blob" or a WritableStream`);
  }
  const isFile = typeof FileSystemWritableFileStream !== "undefined" && option instanceof FileSystemWritableFileStream;
  return new StreamSink(option as WritableStream, seekable ?? isFile);
}

/** The write that a sink of one file is given. */
function oneFile(write: Write | FileStep): Write {
  if ("position" in write) {
    return write;
  }
  throw new FramewrightError("io", "one file takes bytes, not files");
}

/** Keeps the pieces as they came, so that nothing is copied before `close`. */
class MemorySink implements Sink {
  readonly seekable = true;
  #pieces: Write[] = [];
  #end = 0;

  constructor(readonly kind: "bytes" | "blob") {}

  async write(write: Write | FileStep): Promise<void> {
    const { position, data } = oneFile(write);
    if (position === this.#end) {
      this.#pieces.push({ position, data });
      this.#end += data.length;
      return;
    }
    // A correction, which may reach over several pieces.
    let done = 0;
    for (let i = this.#find(position); done < data.length; i++) {
      const piece = this.#pieces[i];
      if (!piece) {
        throw new FramewrightError("io", `a write at ${position}, which is beyond the end of the file`);
      }
      const at = position + done - piece.position;
      const part = data.subarray(done, done + piece.data.length - at);
      piece.data.set(part, at);
      done += part.length;
    }
  }

  /** The piece that `position` lies in. */
  #find(position: number): number {
    let [low, high] = [0, this.#pieces.length];
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if ((this.#pieces[middle]?.position ?? Infinity) <= position) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  async close(type: string): Promise<Uint8Array<ArrayBuffer> | Blob> {
    const pieces = this.#pieces;
    this.#pieces = [];
    if (this.kind === "blob") {
      return new Blob(
        pieces.map((piece) => piece.data),
        { type },
      );
    }
    const bytes = new Uint8Array(this.#end);
    for (const piece of pieces) {
      bytes.set(piece.data, piece.position);
    }
    return bytes;
  }

  async abort(): Promise<void> {
    this.#pieces = [];
  }
}

/** Writes to a stream at the pace that it bears. */
class StreamSink implements Sink {
  readonly #writer: WritableStreamDefaultWriter;

  constructor(
    stream: WritableStream,
    readonly seekable: boolean,
  ) {
    this.#writer = stream.getWriter();
    // What goes wrong is said by the write that it went wrong in.
    this.#writer.closed.catch(() => {});
  }

  async write(write: Write | FileStep): Promise<void> {
    const { position, data } = oneFile(write);
    const written = this.#writer.write(this.seekable ? { type: "write", position, data } : data);
    await Promise.race([this.#writer.ready, written]);
    // A failure after that comes with the next write, or with `close`.
    written.catch(() => {});
  }

  async close(): Promise<undefined> {
    await this.#writer.close();
  }

  async abort(reason: unknown): Promise<void> {
    // A stream that has failed already cannot be aborted, and need not be.
    await this.#writer.abort(reason).catch(() => {});
  }
}
