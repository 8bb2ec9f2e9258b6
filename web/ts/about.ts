// What a file says of itself, as it crosses to the engine.
import { FramewrightError } from "./errors.js";
import { flattenExtra } from "./options.js";
import type { AboutPiece } from "./protocol.js";

/** A part of the file that has a name. Times are in microseconds from the start of the file. */
export interface Chapter {
  /** Where it begins. */
  start: number;
  /** Where it ends. Unless said, where the next one begins, and the last one with the file. */
  end?: number;
  /** Its name. */
  title: string;
}

/** A file that travels in the file, such as a font. */
export interface Attachment {
  /** Its name. */
  name: string;
  /** Its media type, as in `font/ttf`. */
  mediaType: string;
  /** Its bytes. */
  data: Uint8Array | Blob;
}

/** What a file says of itself. What a container has no place for is refused: see `framewright formats`. */
export interface AboutOptions {
  /** Names and values, as in `{ title: "The walk", artist: "Me" }`. */
  tags?: Record<string, string>;
  /** When it was made. Nothing unless said: the same input gives the same file. */
  creationTime?: Date;
  /** Chapters, in the order of their starts: MP4, MOV, Matroska and WebM. */
  chapters?: Chapter[];
  /** A picture that stands for the file, a JPEG or PNG file: MP4, MOV and Matroska. */
  cover?: Uint8Array | Blob;
  /** Files that travel in it: Matroska. */
  attachments?: Attachment[];
}

/** The names of `AboutOptions`. */
export const ABOUT = ["tags", "creationTime", "chapters", "cover", "attachments"] as const;

/** Takes all of it as it is now. What is no such thing at all is thrown at once; a Blob has to be read first. */
export function aboutPiece(options: AboutOptions): Promise<AboutPiece> {
  const { creationTime, chapters = [], cover, attachments = [] } = options;
  const tags = flattenExtra(options.tags);
  const created = creationTime === undefined ? undefined : seconds(creationTime);
  const parts = list("chapters", chapters).map(({ start, end, title }) => {
    if (typeof start !== "number" || (end !== undefined && typeof end !== "number") || typeof title !== "string") {
      throw refused("chapters", "each has a `start` in microseconds, an `end` if wanted, and a `title`");
    }
    return { start, end, title };
  });
  const picture = cover === undefined ? undefined : bytes("cover", cover);
  const files = list("attachments", attachments).map(({ name, mediaType, data }) => {
    if (typeof name !== "string" || typeof mediaType !== "string") {
      throw refused("attachments", "each has a `name`, a `mediaType` and `data`");
    }
    return bytes("attachments", data).then((data) => ({ name, mediaType, data }));
  });
  return Promise.all([picture, Promise.all(files)]).then(([cover, attachments]) => {
    return { tags, created, chapters: parts, cover, attachments };
  });
}

/** A copy, as the caller may go on with the bytes before they are sent. */
function bytes(option: string, data: Uint8Array | Blob): Promise<Uint8Array> {
  if (data instanceof Uint8Array) {
    return Promise.resolve(data.slice());
  }
  if (data instanceof Blob) {
    return data.arrayBuffer().then((buffer) => new Uint8Array(buffer));
  }
  throw refused(option, "give a Uint8Array or a Blob");
}

function seconds(time: Date): number {
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) {
    throw refused("creationTime", `it is ${String(time)}: give a Date`);
  }
  return Math.floor(time.getTime() / 1000);
}

function list<T>(option: string, value: T[]): T[] {
  if (Array.isArray(value)) {
    return value;
  }
  throw refused(option, `it is ${String(value)}: give an array`);
}

function refused(option: string, what: string): FramewrightError {
  return new FramewrightError("invalid-option", `option \`${option}\`: ${what}`);
}
