// The Worker of an encoder: it answers in the order in which it is asked.
import { Engine, transferables } from "./engine.js";
import type { Numbered } from "./protocol.js";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Numbered>) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
};
const engine = new Engine();
let last = Promise.resolve();

scope.onmessage = ({ data }) => {
  engine.foresee(data);
  last = last.then(async () => {
    const reply = await engine.handle(data);
    scope.postMessage(reply, transferables(reply));
  });
};
