// The integer coefficients of RGB to luma and chroma of 8 bits: as `convert/rgb/matrix.rs` has them.

/** A row: for R, G and B, and what is added. */
type Row = [number, number, number, number];

/** The rows with the bits that luma and chroma are shifted by; chroma is of sums of four pixels. */
export interface Matrix {
  y: Row;
  u: Row;
  v: Row;
  shifts: [number, number];
}

/** The weights of red and blue in luma, in ten thousandths (H.273). */
const WEIGHTS: Record<string, [number, number]> = { bt709: [2126, 722], bt601: [2990, 1140] };

/** The coefficients that the library takes for these options of a stream, or why they are not here. */
export function matrixFor(height: number, color: string | undefined, range: string | undefined): Matrix | string {
  const [name, inName] = (color ?? (height >= 720 ? "bt709" : "bt601")).split("/");
  const weights = WEIGHTS[name ?? ""];
  const span = range ?? inName ?? "limited";
  if (!weights || !["limited", "full"].includes(span) || (color ?? "").split("/").length > 2) {
    return `the colour ${color ?? ""} is converted by the CPU: a GPU takes ${Object.keys(WEIGHTS).join(" and ")}`;
  }
  const [red, blue] = weights;
  const [black, luma, chroma] = span === "full" ? [0, 255, 255] : [16, 219, 224];
  const shift = 16;
  // All of it is far below 2^53, and so exact.
  const unit = (numerator: number, denominator: number) => {
    const whole = denominator * 255;
    return Math.floor((numerator * 2 ** shift + Math.floor(whole / 2)) / whole);
  };
  const [yRed, yBlue] = [unit(luma * red, 10_000), unit(luma * blue, 10_000)];
  const half = unit(chroma, 2);
  const uRed = -unit(chroma * red, 2 * (10_000 - blue));
  const vBlue = -unit(chroma * blue, 2 * (10_000 - red));
  const added = (offset: number, shift: number) => offset * 2 ** shift + 2 ** (shift - 1);
  return {
    y: [yRed, unit(luma, 1) - yRed - yBlue, yBlue, added(black, shift)],
    u: [uRed, -uRed - half, half, added(128, shift + 2)],
    v: [half, -half - vBlue, vBlue, added(128, shift + 2)],
    shifts: [shift, shift + 2],
  };
}
