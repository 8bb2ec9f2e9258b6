// Prints the size of the module, as it is and as a server sends it.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

export function moduleSize() {
  const bytes = readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url));
  return { plain: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
}

const { plain, gzipped } = moduleSize();
console.log(`module: ${plain} bytes, ${gzipped} gzipped (${(gzipped / 1000).toFixed(0)} kB)`);
