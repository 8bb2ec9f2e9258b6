/**
 * Frames and samples in, a video file that plays everywhere out: framewright in WebAssembly.
 *
 * @packageDocumentation
 */
export { Encoder, type EncoderOptions } from "./encoder.js";
export { FramewrightError, type ErrorKind } from "./errors.js";
export { loadModule, type ModuleSource } from "./module.js";
export type { AudioOptions, Container, FileOptions, LabelOptions, PixelLayout, VideoOptions } from "./options.js";
export type { AudioReport, Progress, Report, StreamReport, VideoReport } from "./report.js";
export type { FileStream, Output, SinkOption } from "./sinks.js";
export type { FrameOptions, FrameSource, SamplesSource } from "./sources.js";
export type { AudioStream, VideoStream } from "./streams.js";
