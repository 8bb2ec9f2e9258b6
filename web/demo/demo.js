// The page: reads the form, draws frames on the canvas, hands them to the encoder, and shows what came out.
import { Encoder, loadModule } from "../dist/index.js";
import { draw, tuneLevel } from "./animation.js";
import { Board, LONGEST, WIDTHS } from "./drawing.js";
import { describe, openSource, SourceError } from "./sources.js";

const $ = (id) => document.getElementById(id);
const [form, canvas, video, status, error] = ["form", "canvas", "video", "status", "error"].map($);
// Frames are read back from it, one after the other.
const context = canvas.getContext("2d", { willReadFrequently: true });
const QUALITIES = [
  [46, "small"],
  [38, "fair"],
  [30, "good"],
  [23, "fine"],
  [16, "finest"],
];

let files = [];
let drawing = false;
let job = null;
let address = null;
const board = new Board({ canvas, pen: $("pen"), say: (text) => (status.textContent = text) });

const show = (element, shown) => element.toggleAttribute("hidden", !shown);
const kilobytes = (bytes) =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;

function fail(message) {
  error.textContent = message;
  show(error, message !== "");
}

function choose(chosen) {
  fail("");
  try {
    $("source-name").textContent = describe(chosen);
    leaveBoard();
    files = chosen;
    notTheAnimation();
    status.textContent = "Press the button, and it begins.";
  } catch (problem) {
    fail(problem.message);
  }
}

/** The length of files and of a recording is their own. */
function notTheAnimation() {
  show($("reset"), true);
  $("length").disabled = true;
  $("length-text").textContent = drawing ? "as recorded" : "as the source";
}

function takeBoard() {
  files = [];
  $("files").value = "";
  drawing = true;
  $("source-name").innerHTML = "<strong>A drawing</strong> of yours: record it, then make the video.";
  notTheAnimation();
  fail("");
  openBoard();
  status.textContent = "Press Record, and draw.";
  canvas.focus();
}

/** Shows the paper, whatever was shown before. */
function openBoard() {
  video.pause();
  show(video, false);
  show(canvas, true);
  show($("tools"), true);
  show($("draw"), false);
  $("result-title").textContent = "Your paper";
  board.open();
}

function leaveBoard() {
  if (!drawing) return;
  if (board.isRecording) stop();
  drawing = false;
  board.close();
  board.recording = null;
  $("clock").textContent = "0.0 s";
  $("record").textContent = "Record";
  show($("tools"), false);
  show($("draw"), true);
  $("result-title").textContent = "Preview";
  preview();
}

function record() {
  fail("");
  // After a video the paper is shown again.
  openBoard();
  board.record();
  $("record").textContent = "Stop";
  $("record").classList.add("recording");
  status.textContent = "Recording: draw.";
  const tick = () => {
    if (!board.isRecording) return;
    $("clock").textContent = `${board.seconds.toFixed(1)} s`;
    if (board.seconds >= LONGEST) stop();
    else setTimeout(tick, 100);
  };
  tick();
}

function stop() {
  board.stop();
  $("clock").textContent = `${board.recording.length.toFixed(1)} s`;
  $("record").textContent = "Record again";
  $("record").classList.remove("recording");
  status.textContent = `Recorded ${board.recording.length.toFixed(1)} seconds: make the video, or record again.`;
}

function reset() {
  leaveBoard();
  files = [];
  $("files").value = "";
  $("source-name").innerHTML = "<strong>An animation</strong> that this page draws, with sound.";
  show($("reset"), false);
  $("length").disabled = false;
  sayLength();
  fail("");
  preview();
}

const sayLength = () => {
  const seconds = Number($("length").value);
  $("length-text").textContent = `${seconds} second${seconds === 1 ? "" : "s"}`;
};
const sayQuality = () => {
  $("quality-text").textContent = QUALITIES[$("quality").value][1];
};

/** A moment of the animation, so that there is something to see before anything was made. */
function preview() {
  show(canvas, true);
  show(video, false);
  [canvas.width, canvas.height] = [640, 360];
  draw(context, 640, 360, 1.3, 3, tuneLevel(0.05));
}

function working(on) {
  show($("working"), on);
  show($("cancel"), on);
  show($("make"), !on);
  show($("tools"), drawing && !on);
  for (const element of form.querySelectorAll("input, select, #reset, #draw")) {
    element.disabled = on || (element.id === "length" && (files.length > 0 || drawing));
  }
  $("result-title").textContent = on ? "At work" : "Preview";
  form.setAttribute("aria-busy", String(on));
  if (on) $("cancel").focus();
}

async function make() {
  if (board.isRecording) stop();
  if (drawing && !board.recording) {
    fail("Nothing is recorded yet. Press Record, draw, and press Stop.");
    $("record").focus();
    return;
  }
  board.close();
  const container = form.elements.container.value;
  const rate = Number($("rate").value);
  const wanted = { rate, length: Number($("length").value), size: $("size").value, recording: drawing ? board.recording : null };
  const [crf] = QUALITIES[$("quality").value];
  job = new AbortController();
  const { signal } = job;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let source = null;
  fail("");
  working(true);
  show(canvas, true);
  show(video, false);
  video.removeAttribute("src");
  show($("download"), false);
  $("progress").removeAttribute("value");
  $("left").textContent = "";
  status.textContent = "Opening …";
  try {
    source = await openSource(files, wanted);
    signal.throwIfAborted();
    [canvas.width, canvas.height] = [source.width, source.height];
    canvas.style.aspectRatio = `${source.width} / ${source.height}`;
    show($("facts"), true);
    const encoder = new Encoder({
      container,
      sink: "blob",
      signal,
      onProgress({ framesEncoded, bytesOut }) {
        const part = framesEncoded / source.count;
        $("progress").value = part;
        $("fact-frames").textContent = `${framesEncoded} of ${source.count}`;
        $("fact-speed").textContent = `${(framesEncoded / seconds()).toFixed(1)} frames/s`;
        $("fact-size").textContent = kilobytes(bytesOut);
        $("fact-time").textContent = `${seconds().toFixed(1)} s`;
        // The first frames say little: the encoder looks ahead.
        if (framesEncoded > 12 && framesEncoded < source.count) {
          const left = Math.ceil((seconds() / framesEncoded) * (source.count - framesEncoded));
          $("left").textContent = `about ${left} s left`;
        }
      },
    });
    const { width, height, audio } = source;
    const stream = encoder.addVideo({
      width,
      height,
      frameRate: rate,
      crf,
      // The frames of a GIF last as long as it says.
      ...(source.timed && { timeBase: "1/1000" }),
    });
    const sound = audio && encoder.addAudio({ sampleRate: audio.sampleRate, numberOfChannels: audio.numberOfChannels });
    const feedSound = sound?.addSamples(audio.channels ?? audio);
    // Said at the end, if it has not ended all before.
    feedSound?.catch(() => {});
    status.textContent = "Encoding …";
    for await (const frame of source.frames(context)) {
      await stream.addFrame(canvas, frame);
    }
    if (source.timed) await stream.endAt(source.end());
    await feedSound;
    status.textContent = "Finishing …";
    const blob = await encoder.close();
    done(blob, encoder.report, container, seconds());
  } catch (problem) {
    job.abort(problem);
    show($("facts"), false);
    if (problem?.name === "AbortError") {
      status.textContent = "Cancelled: nothing was kept.";
    } else {
      status.textContent = "It did not work.";
      fail(explain(problem));
    }
  } finally {
    source?.close();
    job = null;
    const hadFocus = document.activeElement === $("cancel") || document.activeElement === document.body;
    working(false);
    if (video.src) $("result-title").textContent = "Your video";
    else if (drawing) openBoard();
    if (hadFocus) (video.src ? $("download") : $("make")).focus();
  }
}

function done(blob, report, container, seconds) {
  if (address) URL.revokeObjectURL(address);
  address = URL.createObjectURL(blob);
  const frames = report.streams.find((stream) => stream.kind === "video")?.frames ?? 0;
  $("fact-size").textContent = kilobytes(blob.size);
  $("fact-frames").textContent = String(frames);
  $("fact-speed").textContent = `${(frames / seconds).toFixed(1)} frames/s`;
  $("fact-time").textContent = `${seconds.toFixed(1)} s`;
  status.textContent = `Done: ${report.duration.toFixed(1)} seconds of video in ${kilobytes(blob.size)}.`;
  const link = $("download");
  link.href = address;
  link.download = `framewright.${container}`;
  link.textContent = `Download framewright.${container}`;
  show(link, true);
  show(canvas, false);
  show(video, true);
  video.src = address;
  video.onerror = () => fail("The video was made, but this browser does not play AV1. Download it: current players do.");
  // A browser that does not want it to start by itself has controls for that.
  video.play().catch(() => {});
}

function explain(problem) {
  if (problem instanceof SourceError) return problem.message;
  const said = problem?.message ?? String(problem);
  switch (problem?.kind) {
    case "invalid-option":
    case "unsupported":
      return `These settings do not go together: ${said}.`;
    case "io":
      return `The encoder could not be loaded: ${said}. Reload the page; if you built it yourself, was it “npm run build”?`;
    case "codec":
      return `The encoder gave up: ${said}. A smaller size may help.`;
    default:
      return `Something went wrong: ${said}`;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!job) void make();
});
$("cancel").addEventListener("click", () => job?.abort());
$("files").addEventListener("change", ({ target }) => target.files.length > 0 && choose([...target.files]));
$("reset").addEventListener("click", reset);
$("draw").addEventListener("click", takeBoard);
$("record").addEventListener("click", () => (board.isRecording ? stop() : record()));
$("clear").addEventListener("click", () => {
  if (!video.hidden) openBoard();
  board.clear();
});
$("width").addEventListener("input", ({ target }) => {
  const [width, name] = WIDTHS[target.value];
  board.width = width;
  $("width-text").textContent = name;
});
for (const input of document.querySelectorAll("input[name=colour]")) {
  input.addEventListener("change", () => (board.color = input.value));
}
$("length").addEventListener("input", sayLength);
$("quality").addEventListener("input", sayQuality);
for (const type of ["dragenter", "dragover"]) {
  addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle("dragging", !job);
  });
}
for (const type of ["dragleave", "drop"]) {
  addEventListener(type, (event) => {
    event.preventDefault();
    if (type === "drop" || event.relatedTarget === null) document.body.classList.remove("dragging");
  });
}
addEventListener("drop", ({ dataTransfer }) => {
  if (!job && dataTransfer.files.length > 0) choose([...dataTransfer.files]);
});
preview();
// The module is there before the button is pressed; if it cannot be had, the button says why.
loadModule().catch(() => {});
