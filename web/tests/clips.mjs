// Three clips by integer formulas, so that they are the same in Node, in Chromium and for the tool.

/** Each: what the encoder is told, frames, and samples a frame. */
export const CLIPS = [
  {
    name: "rgba, 25 a second, with one channel of sound",
    video: { width: 64, height: 48, frameRate: "25" },
    audio: { sampleRate: 48_000, numberOfChannels: 1 },
    format: "rgba",
    frames: 16,
  },
  {
    name: "i420, 30000/1001 a second, odd height, no sound",
    video: { width: 96, height: 53, frameRate: "30000/1001", crf: 40 },
    format: "i420",
    frames: 13,
  },
  {
    name: "rgb, 10 a second, two channels, a key frame every 5",
    video: { width: 80, height: 64, frameRate: "10", keyframeInterval: 5, preset: 9 },
    audio: { sampleRate: 48_000, numberOfChannels: 2, bitRate: 96_000 },
    format: "rgb",
    frames: 12,
  },
];

export const CONTAINERS = ["mp4", "webm"];

const SIZES = { rgba: (w, h) => 4 * w * h, rgb: (w, h) => 3 * w * h, i420: (w, h) => w * h + 2 * ((w + 1) >> 1) * ((h + 1) >> 1) };

/** Frame `index` of a clip: bands that move, and some texture. */
export function frame(clip, index) {
  const { width, height } = clip.video;
  const bytes = new Uint8Array(SIZES[clip.format](width, height));
  for (let p = 0; p < bytes.length; p++) {
    const at = clip.format === "i420" ? p : Math.floor(p / clip.format.length);
    const [x, y] = [at % width, Math.floor(at / width)];
    bytes[p] = clip.format === "rgba" && p % 4 === 3 ? 255 : 40 + ((3 * x + 5 * index + ((y * y) >> 4) + 60 * (p % 3)) % 170);
  }
  return bytes;
}

/** The sound that goes with frame `index`: a triangle in eighths of a millionth, which floats hold exactly. */
export function sound(clip, index) {
  const { sampleRate, numberOfChannels } = clip.audio;
  const count = sampleRate / Number(clip.video.frameRate);
  return Array.from({ length: numberOfChannels }, (_, channel) => {
    const period = 128 + 64 * channel;
    return Float32Array.from({ length: count }, (_, n) => {
      const phase = (index * count + n) % period;
      return (Math.abs(2 * phase - period) - period / 2) / 512;
    });
  });
}

/** Encodes a clip with the encoder that is handed over; `subtitles` has options and cues of each stream of them. */
export async function encode(Encoder, clip, options, subtitles = []) {
  const encoder = new Encoder(options);
  const video = encoder.addVideo(clip.video);
  const audio = clip.audio && encoder.addAudio(clip.audio);
  const texts = subtitles.map(({ options, cues }) => [encoder.addSubtitles(options), cues]);
  for (const [stream, cues] of texts) {
    for (const cue of cues) await stream.addCue(...cue);
    await stream.end();
  }
  for (let index = 0; index < clip.frames; index++) {
    await video.addFrame(frame(clip, index), { format: clip.format });
    await audio?.addSamples(sound(clip, index));
  }
  return encoder.close();
}
