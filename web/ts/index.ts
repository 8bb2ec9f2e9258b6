/**
 * Frames and samples in, a video file that plays everywhere out: framewright in WebAssembly.
 *
 * @packageDocumentation
 */
export type { AboutOptions, Attachment, Chapter } from "./about.js";
export { Encoder, type EncoderOptions } from "./encoder.js";
export { FramewrightError, type ErrorKind } from "./errors.js";
export { loadModule, type ModuleSource } from "./module.js";
export type { AudioOptions, Container, FileOptions, LabelOptions, PixelLayout, SubtitleOptions, VideoOptions } from "./options.js";
export type { AudioReport, GpuReport, Progress, Report, StreamReport, SubtitleReport, VideoReport } from "./report.js";
export type { FolderOption, FolderTarget } from "./folders.js";
export type { FileStream, Output, SinkOption } from "./sinks.js";
export type { FrameOptions, FrameSource, SamplesSource } from "./sources.js";
export type { AudioStream, SubtitleStream, VideoStream } from "./streams.js";
