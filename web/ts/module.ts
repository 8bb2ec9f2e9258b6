// The WebAssembly module, compiled once for all encoders.
import { FramewrightError } from "./errors.js";

/** Where the module comes from, if not from beside this file. */
export type ModuleSource = WebAssembly.Module | BufferSource | URL | string;

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Compiles the module, or gives the one of before. */
export function loadModule(source?: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) {
    return Promise.resolve(source);
  }
  if (source !== undefined && typeof source !== "string" && !(source instanceof URL)) {
    return WebAssembly.compile(source);
  }
  const url = source ?? new URL("./wasm/framewright_bg.wasm", import.meta.url);
  const known = compiled.get(String(url));
  if (known) {
    return known;
  }
  const module = compile(url);
  compiled.set(String(url), module);
  // Whoever tries again gets another try.
  module.catch(() => compiled.delete(String(url)));
  return module;
}

async function compile(url: URL | string): Promise<WebAssembly.Module> {
  try {
    const response = await fetch(url);
    if (!response.ok) {
      throw new Error(`the server answers ${response.status}`);
    }
    // Servers that call it something else than application/wasm get the slower way.
    return response.headers.get("Content-Type")?.startsWith("application/wasm")
      ? await WebAssembly.compileStreaming(response)
      : await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FramewrightError("io", `the module ${String(url)} cannot be loaded: ${why}`, error);
  }
}
