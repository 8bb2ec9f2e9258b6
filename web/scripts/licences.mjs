// `npm pack` takes files from this folder alone: the licences come from the one above while it packs.
import { copyFileSync, rmSync } from "node:fs";

for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  const here = new URL(`../${name}`, import.meta.url);
  if (process.argv.includes("--remove")) {
    rmSync(here, { force: true });
  } else {
    copyFileSync(new URL(`../../${name}`, import.meta.url), here);
  }
}
