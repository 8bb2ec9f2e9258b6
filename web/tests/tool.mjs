// The same by the tool, to compare with.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { frame, sound } from "./clips.mjs";

/** The tool: $FRAMEWRIGHT, else what is built already, else what is built now. */
export function tool() {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const built = ["release", "debug"].map((profile) => join(root, "target", profile, "framewright"));
  const found = process.env.FRAMEWRIGHT ?? built.find((path) => existsSync(path));
  if (found) {
    return found;
  }
  execFileSync("cargo", ["build", "--locked", "--release"], { cwd: root, stdio: "inherit" });
  return built[0];
}

/** A WAV of 32-bit floats. */
function wav({ sampleRate, numberOfChannels }, blocks) {
  const frames = blocks.reduce((sum, block) => sum + block[0].length, 0);
  const bytes = Buffer.alloc(44 + 4 * frames * numberOfChannels);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(3, 20);
  bytes.writeUInt16LE(numberOfChannels, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(4 * sampleRate * numberOfChannels, 28);
  bytes.writeUInt16LE(4 * numberOfChannels, 32);
  bytes.writeUInt16LE(32, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  let at = 44;
  for (const block of blocks) {
    for (let n = 0; n < block[0].length; n++) {
      for (const channel of block) {
        at = bytes.writeFloatLE(channel[n], at);
      }
    }
  }
  return bytes;
}

/** What the tool calls the formats. */
const TOOL_FORMATS = { rgba: "rgba", rgb: "rgb24", i420: "yuv420p" };

/** Has the tool encode a clip into the file `out`; `more` are further arguments. Its sources are left in `folder`. */
export function byTool(clip, out, more = [], folder = dirname(out)) {
  const { width, height, frameRate, crf, keyframeInterval, preset } = clip.video;
  const indices = Array.from({ length: clip.frames }, (_, index) => index);
  const raw = join(folder, "clip.raw");
  writeFileSync(raw, Buffer.concat(indices.map((index) => frame(clip, index))));
  const args = ["encode", raw, "--raw", `${width}x${height}@${frameRate}:${TOOL_FORMATS[clip.format]}`, "-o", out, "--overwrite"];
  if (clip.audio) {
    writeFileSync(join(folder, "clip.wav"), wav(clip.audio, indices.map((index) => sound(clip, index))));
    args.splice(2, 0, join(folder, "clip.wav"));
  }
  const named = { "--crf": crf, "--keyint": keyframeInterval, "--preset": preset, "--audio-bitrate": clip.audio?.bitRate };
  for (const [name, value] of Object.entries(named)) {
    if (value !== undefined) {
      args.push(name, String(value));
    }
  }
  execFileSync(tool(), [...args, ...more], { stdio: ["ignore", "ignore", "pipe"] });
  return out;
}
