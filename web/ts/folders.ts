// Where the files of HLS and DASH go: a manifest and its segments, by name.
import { FramewrightError } from "./errors.js";
import type { FileStep, Write } from "./protocol.js";
import type { Sink } from "./sinks.js";

/** Somewhere that files are made by name. */
export interface FolderTarget {
  /**
   * Begins a file, which replaces one of that name when its stream is closed. Manifests are begun again with each segment.
   */
  open(name: string): WritableStream<Uint8Array> | Promise<WritableStream<Uint8Array>>;
  /** Removes a file that was made: with `liveWindow`, and all of them where the encoder is cancelled. */
  remove?(name: string): unknown;
}

/**
 * Where several files go: `"files"` keeps them in memory, and `close` gives a `Map` of names to bytes; a
 * `FileSystemDirectoryHandle` (File System Access, OPFS) gets them as they are made; so does whatever has an `open`.
 */
export type FolderOption = "files" | FileSystemDirectoryHandle | FolderTarget;

/** The containers that are several files, and what their manifest is called unless said. */
const MANIFESTS: Record<string, string> = { hls: "video.m3u8", dash: "video.mpd" };

/** The name of the manifest, for containers that have one. */
export function manifestName(container: string, name: string | undefined): string | undefined {
  const usual = MANIFESTS[container];
  if (usual === undefined) {
    if (name !== undefined) {
      throw new FramewrightError(
        "invalid-option",
        `option \`name\` is ${name}: it is that of a manifest, which the containers ${Object.keys(MANIFESTS).join(" and ")} have`,
      );
    }
    return undefined;
  }
  if (name !== undefined && (typeof name !== "string" || /^(|\.|\.\.)$|[/\\\0]/.test(name))) {
    throw new FramewrightError("invalid-option", `option \`name\` is ${String(name)}: use a file's name without a folder, as in ${usual}`);
  }
  return name ?? usual;
}

/** Whether a sink is one of several files. */
export function isFolder(option: unknown): option is FolderOption {
  return option === "files" || isDirectory(option) || typeof (option as FolderTarget | null)?.open === "function";
}

/** The sink for it. */
export function makeFolder(option: FolderOption): Sink {
  if (option === "files") {
    return new FolderSink(new MemoryFolder());
  }
  return new FolderSink(isDirectory(option) ? inDirectory(option) : option);
}

function isDirectory(option: unknown): option is FileSystemDirectoryHandle {
  return typeof FileSystemDirectoryHandle !== "undefined" && option instanceof FileSystemDirectoryHandle;
}

/** A target that has something of a file before its stream is closed. */
interface EarlyTarget extends FolderTarget {
  /** Removes what `open` made of a file that was given up. */
  discard?(name: string): Promise<void>;
}

function inDirectory(directory: FileSystemDirectoryHandle): EarlyTarget {
  // A handle comes with an empty file, unless there was one.
  const fresh = new Set<string>();
  return {
    async open(name) {
      const there = await directory.getFileHandle(name).catch(() => undefined);
      if (!there) fresh.add(name);
      return (there ?? (await directory.getFileHandle(name, { create: true }))).createWritable();
    },
    remove: (name) => directory.removeEntry(name),
    async discard(name) {
      if (fresh.delete(name)) await directory.removeEntry(name);
    },
  };
}

/** Keeps files in memory. */
class MemoryFolder implements FolderTarget {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();

  open(name: string): WritableStream<Uint8Array> {
    const pieces: Uint8Array[] = [];
    return new WritableStream({
      write: (piece) => void pieces.push(piece),
      close: () => {
        const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
        pieces.reduce((at, piece) => (bytes.set(piece, at), at + piece.length), 0);
        this.files.set(name, bytes);
      },
    });
  }

  remove(name: string): void {
    this.files.delete(name);
  }
}

/** Does with the files of a target what the engine says, one after the other. */
class FolderSink implements Sink {
  /** Nothing in these files is written twice. */
  readonly seekable = false;
  readonly #open = new Map<number, { name: string; writer: WritableStreamDefaultWriter<Uint8Array> }>();
  readonly #made = new Set<string>();
  /** A file on its way to its name. */
  #completing: Promise<void> | undefined;
  #aborted: { reason: unknown } | undefined;

  constructor(private readonly target: EarlyTarget) {}

  async write(step: Write | FileStep): Promise<void> {
    if (!("what" in step)) {
      throw new FramewrightError("io", "a folder takes files, not bytes");
    }
    this.#check();
    if (step.what === "open") {
      const stream = await this.target.open(step.name);
      if (typeof stream?.getWriter !== "function") {
        throw new FramewrightError("io", `the sink's \`open\` gave no WritableStream for ${step.name}`);
      }
      // It may have been given up while the target was asked.
      try {
        this.#check();
      } catch (reason) {
        await stream.abort(reason);
        await this.target.discard?.(step.name);
        throw reason;
      }
      const writer = stream.getWriter();
      // What goes wrong is said by the write that it went wrong in.
      writer.closed.catch(() => {});
      this.#open.set(step.file, { name: step.name, writer });
      return;
    }
    if (step.what === "remove") {
      this.#made.delete(step.name);
      await this.target.remove?.(step.name);
      return;
    }
    const file = this.#open.get(step.file);
    if (!file) {
      throw new FramewrightError("io", `file ${step.file} was never begun`);
    }
    if (step.what === "data") {
      const written = file.writer.write(step.data);
      await Promise.race([file.writer.ready, written]);
      // A failure after that comes with the next write, or with the end.
      written.catch(() => {});
      return;
    }
    this.#open.delete(step.file);
    if (step.what === "complete") {
      this.#completing = file.writer.close().then(() => void this.#made.add(file.name));
      await this.#completing;
    } else {
      await this.#giveUp(file, new FramewrightError("io", `${file.name} was given up`));
    }
  }

  async #giveUp({ name, writer }: { name: string; writer: WritableStreamDefaultWriter<Uint8Array> }, reason: unknown): Promise<void> {
    await writer.abort(reason);
    // One that was complete before, as a manifest is again and again, stays.
    if (!this.#made.has(name)) {
      await this.target.discard?.(name);
    }
  }

  #check(): void {
    if (this.#aborted) {
      throw this.#aborted.reason;
    }
  }

  async close(): Promise<Map<string, Uint8Array<ArrayBuffer>> | undefined> {
    return this.target instanceof MemoryFolder ? this.target.files : undefined;
  }

  /** Complete files stay where the encoder failed, since the manifest plays as far as it came. */
  async abort(reason: unknown, cancelled: boolean): Promise<void> {
    this.#aborted = { reason };
    const open = [...this.#open.values()];
    this.#open.clear();
    // What has failed already cannot be aborted or removed, and need not be.
    await Promise.all([...open.map((file) => this.#giveUp(file, reason)), this.#completing].map((ended) => ended?.catch(() => {})));
    if (cancelled) {
      await Promise.all([...this.#made].map(async (name) => this.target.remove?.(name)).map((removed) => removed.catch(() => {})));
    }
  }
}
