// The clip that is measured, in Node and in pages.

/** Waves that move, with some texture. */
export function frame(index, { width, height }) {
  const bytes = new Uint8Array(4 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      bytes[at++] = 128 + 100 * Math.sin((x + 3 * index) / 17);
      bytes[at++] = 128 + 100 * Math.sin((y + 2 * index) / 23 + x / 50);
      bytes[at++] = ((x * y + 7 * index) >> 4) & 255;
      bytes[at++] = 255;
    }
  }
  return bytes;
}
