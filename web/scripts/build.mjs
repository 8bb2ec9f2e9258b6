// Builds dist/: the module from Rust, its glue, and the TypeScript around it.
//
//   node scripts/build.mjs [--full]    with --full, every codec and container that the library writes into one file
//
// wasm-bindgen is taken from $WASM_BINDGEN or from PATH where that has the version of Cargo.lock; else it is installed into
// target/, once.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(web);

const run = (program, ...args) => {
  console.log(`> ${program} ${args.join(" ")}`);
  execFileSync(program, args, { stdio: "inherit" });
};

const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(readFileSync("Cargo.lock", "utf8"))?.[1];
if (!version) {
  throw new Error("Cargo.lock does not name wasm-bindgen");
}

function wasmBindgen() {
  const fits = (program) => {
    try {
      return execFileSync(program, ["--version"], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim().endsWith(` ${version}`);
    } catch {
      return false;
    }
  };
  const named = process.env.WASM_BINDGEN;
  if (named && !fits(named)) {
    throw new Error(`$WASM_BINDGEN is no wasm-bindgen ${version}`);
  }
  const installed = join("target", "tools", "bin", process.platform === "win32" ? "wasm-bindgen.exe" : "wasm-bindgen");
  const found = [named, "wasm-bindgen", installed].find((program) => program && fits(program));
  if (found) {
    return found;
  }
  run("cargo", "install", "wasm-bindgen-cli", "--version", version, "--no-default-features", "--root", join("target", "tools"));
  return installed;
}

// Messages of panics name source files: as they are called, not where they lie on the machine that builds.
// A registry's folder is called after its host, so each is cut off by itself: they have to be there.
run("cargo", "fetch", "--locked", "--target", "wasm32-unknown-unknown");
const registries = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src");
const sources = [...readdirSync(registries).map((name) => join(registries, name)), join(web, "..")];
const remapped = sources.map((path) => `--remap-path-prefix=${path}${sep}=`);

const full = process.argv.includes("--full");
const flags = `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(remapped)}`;
run("cargo", "build", "--locked", "--release", "--target", "wasm32-unknown-unknown", "--config", flags, ...(full ? ["--features", "full"] : []));
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/wasm", { recursive: true });
const module = join("target", "wasm32-unknown-unknown", "release", "framewright_web.wasm");
run(wasmBindgen(), module, "--target", "web", "--out-dir", "dist/wasm", "--out-name", "framewright", "--remove-name-section", "--remove-producers-section");
// Not `--all-features`: browsers do not have all that it knows.
const features = [
  "simd", "bulk-memory", "bulk-memory-opt", "reference-types", "nontrapping-float-to-int", "sign-ext", "mutable-globals",
  "multivalue", "call-indirect-overlong",
];
const built = "dist/wasm/framewright_bg.wasm";
run(process.execPath, "node_modules/binaryen/bin/wasm-opt", "-O2", ...features.map((name) => `--enable-${name}`), built, "-o", built);
run(process.execPath, "scripts/wgsl.mjs");
run(process.execPath, "node_modules/typescript/bin/tsc");
if (!existsSync("dist/index.js")) {
  throw new Error("tsc made nothing");
}
run(process.execPath, "scripts/size.mjs");
