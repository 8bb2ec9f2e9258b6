// What the page draws and plays when nobody gives it a file: all of it by formulas, so that it is the same each time.

const NOTES = [220, 277.18, 329.63, 440, 369.99, 329.63, 277.18, 246.94];
const BEAT = 0.25;

/** Draws the moment `t` of `length` seconds. `level` is how loud it is then, 0 to 1. */
export function draw(context, width, height, t, length, level) {
  const turn = t / Math.max(length, 0.001);
  const sky = context.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, `hsl(${265 + 40 * Math.sin(turn * Math.PI * 2)} 55% 22%)`);
  sky.addColorStop(1, `hsl(${20 + 25 * Math.cos(turn * Math.PI * 2)} 80% 52%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);

  const unit = Math.min(width, height);
  context.globalCompositeOperation = "lighter";
  for (let i = 0; i < 9; i++) {
    const angle = t * 0.9 + (i * Math.PI * 2) / 9;
    const reach = unit * (0.27 + 0.07 * Math.sin(t * 2.3 + i));
    context.beginPath();
    context.fillStyle = `hsl(${330 + i * 14} 90% 60% / 0.55)`;
    const size = unit * (0.045 + 0.05 * level);
    context.arc(width / 2 + reach * 1.35 * Math.cos(angle), height / 2 + reach * Math.sin(angle), size, 0, Math.PI * 2);
    context.fill();
  }
  context.globalCompositeOperation = "source-over";

  // A line that moves as the sound does.
  context.beginPath();
  context.lineWidth = Math.max(2, unit * 0.012);
  context.strokeStyle = "#fff";
  for (let x = 0; x <= width; x += 4) {
    const at = x / width;
    const swing = Math.sin(at * 14 + t * 9) * Math.sin(at * Math.PI) * unit * (0.02 + 0.16 * level);
    context.lineTo(x, height / 2 + swing);
  }
  context.stroke();

  context.fillStyle = "#fff";
  context.font = `600 ${Math.round(unit * 0.075)}px system-ui, sans-serif`;
  context.textBaseline = "alphabetic";
  context.fillText("framewright", unit * 0.07, height - unit * 0.08);
  context.font = `${Math.round(unit * 0.055)}px ui-monospace, monospace`;
  context.textAlign = "right";
  context.fillText(`${t.toFixed(2)} s`, width - unit * 0.07, height - unit * 0.08);
  context.textAlign = "start";
}

/** How loud the page's own tune is at `t`. */
export const tuneLevel = (t) => Math.exp(-5 * (t % BEAT));

/** The tune: two channels at `rate`, `length` seconds. */
export function tune(rate, length) {
  const channels = [new Float32Array(Math.round(rate * length)), new Float32Array(Math.round(rate * length))];
  const end = channels[0].length;
  for (let n = 0; n < end; n++) {
    const t = n / rate;
    const beat = Math.floor(t / BEAT);
    const pitch = NOTES[beat % NOTES.length];
    const since = t % BEAT;
    // Neither a note nor the end may click.
    const shape = Math.min(1, since * 200) * Math.exp(-5 * since) * Math.min(1, (end - n) / (rate * 0.05));
    const wave = Math.sin(2 * Math.PI * pitch * t) + 0.3 * Math.sin(4 * Math.PI * pitch * t);
    const pan = 0.5 + 0.35 * Math.sin(beat);
    channels[0][n] = 0.22 * shape * wave * (1 - pan);
    channels[1][n] = 0.22 * shape * wave * pan;
  }
  return channels;
}
