// The names that the types offer are those that the module knows.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { flatten } from "../dist/options.js";
import init, { Session } from "../dist/wasm/framewright.js";

await init({ module_or_path: readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url)) });
const types = readFileSync(new URL("../dist/options.d.ts", import.meta.url), "utf8");

/** The properties of an interface of options, and the names that a union of strings has. */
const properties = (name) => {
  const body = new RegExp(`export interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(types)?.[1];
  assert.ok(body, `no interface ${name}`);
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, property]) => property);
};
const union = (name) => [...new RegExp(`export type ${name} =([^;]*);`).exec(types)[1].matchAll(/"([^"]+)"/g)].map(([, word]) => word);

/** What the library says of an option that it does not have. */
const UNKNOWN = /(?:the file|an encoder|a video stream|an audio stream) has /;

/** A value that no option takes, or any: which of the two does not matter, if only the name is known. */
function refusal(call) {
  try {
    call();
    return "";
  } catch (error) {
    return error.message;
  }
}

const labels = properties("LabelOptions");
for (const [name, own, set] of [
  ["FileOptions", [], (options) => new Session("mp4", true, options, [])],
  ["VideoOptions", ["width", "height", "extra"], (options) => new Session("mp4", true, [], []).addVideo(64, 48, options, [])],
  ["AudioOptions", ["sampleRate", "numberOfChannels", "extra"], (options) => new Session("mp4", true, [], []).addAudio(48_000, 2, options, [])],
]) {
  test(`every name of ${name} is known`, () => {
    const names = [...properties(name), ...(name === "FileOptions" ? [] : labels)].filter((property) => !own.includes(property));
    assert.ok(names.length >= 5, String(names));
    for (const property of names) {
      const said = refusal(() => set(flatten({ [property]: "1" })));
      assert.doesNotMatch(said, UNKNOWN, property);
    }
    // Else the pattern has no meaning.
    assert.match(refusal(() => set(["no_such_thing", "1"])), UNKNOWN);
  });
}

test("the containers of the package are in the module, and those of the full one are or say what they need", () => {
  const names = union("UsualContainer");
  assert.deepEqual(names.toSorted(), ["matroska", "mov", "mp4", "webm"]);
  for (const container of names) {
    assert.equal(refusal(() => new Session(container, true, [], [])), "", container);
  }
  const refused = union("FullContainer").map((container) => refusal(() => new Session(container, true, [], [])));
  const isFull = refused.every((said) => said === "");
  assert.ok(isFull || refused.every((said) => said.includes("feature `containers`")), refused.join("\n"));
  // All that the module has is offered.
  const said = refusal(() => new Session("no such thing", true, [], []));
  const known = said.split("use one of ")[1].split(", ").filter((container) => !["hls", "dash", "gif", "apng"].includes(container));
  assert.deepEqual(known.toSorted(), [...names, ...(isFull ? union("FullContainer") : [])].toSorted());
});

test("a codec that was left out says which feature it needs", () => {
  const session = () => new Session("matroska", true, [], []);
  for (const [call, feature] of [
    [() => session().addVideo(64, 48, ["codec", "mjpeg"], []), "mjpeg"],
    [() => session().addVideo(64, 48, ["pixel_format", "yuv420p10"], []), "ten-bit"],
    [() => session().addVideo(64, 48, ["denoise", "5"], []), "motion"],
    [() => session().addAudio(48_000, 2, ["codec", "flac"], []), "flac"],
  ]) {
    const said = refusal(call);
    assert.ok(said === "" || said.includes(`feature \`${feature}\``), said);
  }
});
