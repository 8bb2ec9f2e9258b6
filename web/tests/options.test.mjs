// The names that the types offer are those that the module knows.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { flatten } from "../dist/options.js";
import init, { About, Session } from "../dist/wasm/framewright.js";

await init({ module_or_path: readFileSync(new URL("../dist/wasm/framewright_bg.wasm", import.meta.url)) });
const types = readFileSync(new URL("../dist/options.d.ts", import.meta.url), "utf8");

/** The properties of an interface of options, and the names that a union of strings has. */
const properties = (name) => {
  const body = new RegExp(`export interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(types)?.[1];
  assert.ok(body, `no interface ${name}`);
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, property]) => property);
};
const union = (name) => [...new RegExp(`export type ${name} =([^;]*);`).exec(types)[1].matchAll(/"([^"]+)"/g)].map(([, word]) => word);

const session = (container) => new Session(container, true, undefined, [], new About());

/** What the library says of an option that it does not have. */
const UNKNOWN = /(?:an encoder|a video stream|an audio stream|a subtitle stream) has /;

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
const SETTERS = [
  ["FileOptions", [], (options) => new Session("mp4", true, undefined, options, new About())],
  ["VideoOptions", ["width", "height", "extra", "gpu"], (options) => session("mp4").addVideo(64, 48, options, [])],
  ["AudioOptions", ["sampleRate", "numberOfChannels", "extra"], (options) => session("mp4").addAudio(48_000, 2, options, [])],
  ["SubtitleOptions", [], (options) => session("mp4").addSubtitles(options)],
];
for (const [name, own, set] of SETTERS) {
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

/** What the library has beside that: it is about threads, and here are Workers. */
const NOT_OFFERED = {
  FileOptions: ["queue_full"],
  VideoOptions: ["threads", "parallel_groups", "group_bytes"],
  AudioOptions: [],
  SubtitleOptions: [],
};
for (const [name, own, set] of SETTERS) {
  test(`what the library has is in ${name}`, () => {
    const known = refusal(() => set(["no_such_thing", "1"])).split(" has ").at(-1).split(/, |; and /);
    const options = [...properties(name), ...(name === "FileOptions" ? [] : labels)].filter((property) => !own.includes(property));
    const offered = flatten(Object.fromEntries(options.map((property) => [property, "1"]))).filter((_, index) => index % 2 === 0);
    assert.deepEqual(offered.toSorted(), known.filter((option) => !NOT_OFFERED[name].includes(option)).toSorted());
  });
}

test("the containers of the package are in the module, and those of the full one are or say what they need", () => {
  const names = union("UsualContainer");
  assert.deepEqual(names.toSorted(), ["matroska", "mov", "mp4", "webm"]);
  for (const container of names) {
    assert.equal(refusal(() => session(container)), "", container);
  }
  const refused = union("FullContainer").map((container) => refusal(() => session(container)));
  const isFull = refused.every((said) => said === "");
  assert.ok(isFull || refused.every((said) => /feature `(containers|segments)`/.test(said)), refused.join("\n"));
  // All that the module has is offered.
  const said = refusal(() => session("no such thing"));
  const known = said.split("use one of ")[1].split(", ").filter((container) => !["gif", "apng"].includes(container));
  assert.deepEqual(known.toSorted(), [...names, ...(isFull ? union("FullContainer") : [])].toSorted());
});

test("a codec that was left out says which feature it needs", () => {
  const matroska = () => session("matroska");
  for (const [call, feature] of [
    [() => matroska().addVideo(64, 48, ["codec", "mjpeg"], []), "mjpeg"],
    [() => matroska().addVideo(64, 48, ["pixel_format", "yuv420p10"], []), "ten-bit"],
    [() => matroska().addVideo(64, 48, ["denoise", "5"], []), "motion"],
    [() => matroska().addAudio(48_000, 2, ["codec", "flac"], []), "flac"],
  ]) {
    const said = refusal(call);
    assert.ok(said === "" || said.includes(`feature \`${feature}\``), said);
  }
});
