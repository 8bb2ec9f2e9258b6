/** What went wrong, for programs. The message is for people. */
export type ErrorKind =
  /** An option has a value, or a combination of values, that is not allowed. */
  | "invalid-option"
  /** A frame, samples or a time are not what they have to be. The stream goes on. */
  | "invalid-input"
  /** Sound, but not to be had in this container, this build or this browser. */
  | "unsupported"
  /** A limit was reached; the message names the option that raises it. */
  | "limit"
  /** The call does not fit the state: after `close`, or after an earlier failure. */
  | "state"
  /** The sink failed, or the module could not be loaded. */
  | "io"
  /** The encoder failed. */
  | "codec"
  /** None of these. */
  | "device"
  | "other";

/** An error of the library: `kind` is for programs, `message` says what to do. */
export class FramewrightError extends Error {
  /** What kind of error this is. */
  readonly kind: ErrorKind;

  /** `cause` is what led to it, where there is something. */
  constructor(kind: ErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "FramewrightError";
    this.kind = kind;
  }
}

/** An error as it crosses from a Worker. */
export interface WireError {
  kind: ErrorKind;
  message: string;
}

/** Any thrown thing, for the way out of a Worker. */
export function toWire(error: unknown): WireError {
  const { kind, message } = error as { kind?: ErrorKind; message?: string };
  return { kind: kind ?? "other", message: message ?? String(error) };
}

/** And back. */
export function fromWire(error: WireError): FramewrightError {
  return new FramewrightError(error.kind, error.message);
}
