// How requests get to an engine: to a Worker, or to one in this thread.
import { FramewrightError } from "./errors.js";
import type { Engine } from "./engine.js";
import type { Numbered, Reply } from "./protocol.js";

/** An engine somewhere. */
export interface Transport {
  post(request: Numbered, transfer: Transferable[]): void;
  terminate(): void;
}

/** What an engine says. */
export interface Listener {
  reply(reply: Reply): void;
  broken(error: FramewrightError): void;
}

/** An engine in a Worker of its own, whose memory goes when it is terminated. */
export function workerTransport(listener: Listener): Transport {
  // Bundlers know this form, and take the Worker along.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "framewright" });
  worker.onmessage = ({ data }: MessageEvent<Reply>) => listener.reply(data);
  worker.onerror = (event) => {
    event.preventDefault();
    const why = event.message || "its script cannot be loaded";
    listener.broken(new FramewrightError("io", `the encoder's Worker failed: ${why}`));
  };
  worker.onmessageerror = () => listener.broken(new FramewrightError("io", "a message of the Worker cannot be read"));
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    terminate: () => worker.terminate(),
  };
}

/** An engine in this thread, which it keeps busy: for Node, and for what runs in a Worker already. */
export function localTransport(listener: Listener): Transport {
  let ended = false;
  let engine: Engine | undefined;
  let last: Promise<void> = Promise.resolve();
  return {
    post(request) {
      last = last
        .then(async () => {
          // A task of its own each, so that a cancel gets in between.
          await new Promise((resume) => setTimeout(resume, 0));
          if (ended) {
            return;
          }
          engine ??= new (await import("./engine.js")).Engine();
          const reply = await engine.handle(request);
          if (!ended) {
            listener.reply(reply);
          }
        })
        .catch((error) => listener.broken(new FramewrightError("io", `the engine failed: ${String(error)}`, error)));
    },
    terminate() {
      ended = true;
      engine = undefined;
    },
  };
}
