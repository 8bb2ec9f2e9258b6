// Makes ts/wgsl.ts of the library's own shaders, so that there is one definition of the conversion on a GPU.
import { readFileSync, writeFileSync } from "node:fs";

const source = (name) => readFileSync(new URL(`../../src/gpu/${name}.wgsl`, import.meta.url), "utf8");
// What is said in them is for those who read them there.
const bare = ["rgb", "buffer"].map(source).join("\n").replace(/^\s*\/\/.*\n/gm, "");
const text = `// Made by scripts/wgsl.mjs of src/gpu/rgb.wgsl and buffer.wgsl.\nexport const RGB_SHADER = ${JSON.stringify(bare)};\n`;
writeFileSync(new URL("../ts/wgsl.ts", import.meta.url), text);
