// Runs the tool under Node's WASI: `node wasi.mjs MODULE FOLDER [ARGUMENT...]`. The folder is all that it sees of files.
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const [module, folder, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: ['framewright', ...args], preopens: { '.': folder }, returnOnExit: true });
const { instance } = await WebAssembly.instantiate(await readFile(module), wasi.getImportObject());
process.exitCode = wasi.start(instance);
