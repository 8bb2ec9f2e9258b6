// Requests and their answers.
import { FramewrightError, fromWire } from "./errors.js";
import type { Numbered, Reply, Request } from "./protocol.js";
import { localTransport, workerTransport, type Transport } from "./transport.js";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What an encoder wants to know of its engine. */
export interface Owner {
  /** An answer has come, before whoever asked hears of it. */
  replied(reply: Reply): void;
  /** The engine is of no use any more. */
  failed(error: FramewrightError): void;
}

/** An engine with what it has been asked and not yet answered. */
export class Link {
  readonly #transport: Transport;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended: unknown;

  constructor(inWorker: boolean, owner: Owner) {
    const listener = {
      reply: (reply: Reply) => {
        const waiting = this.#waiting.get(reply.id);
        this.#waiting.delete(reply.id);
        owner.replied(reply);
        if (!reply.error) {
          waiting?.resolve(reply.value);
          return;
        }
        const error = fromWire(reply.error);
        waiting?.reject(error);
        if (reply.fatal) {
          owner.failed(error);
        }
      },
      broken: (error: FramewrightError) => owner.failed(error),
    };
    this.#transport = inWorker ? workerTransport(listener) : localTransport(listener);
  }

  /** Asks; requests are answered in their order. */
  ask(request: Request, transfer: Transferable[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        // Frames that nobody sends any more would keep their memory until they are collected.
        transfer.forEach((given) => (given as { close?: () => void }).close?.());
        reject(this.#ended);
        return;
      }
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#transport.post({ ...request, id } as Numbered, transfer);
      } catch (error) {
        // A source that was closed or given away cannot be sent.
        this.#waiting.delete(id);
        const why = error instanceof Error ? error.message : String(error);
        reject(new FramewrightError("invalid-input", `what was given cannot be sent to the Worker: ${why}`, error));
      }
    });
  }

  /** Ends the Worker, and with it its memory. Whoever waits gets `reason`. */
  end(reason: unknown): void {
    if (this.#ended === undefined) {
      this.#ended = reason;
      this.#transport.terminate();
      for (const waiting of this.#waiting.values()) {
        waiting.reject(reason);
      }
      this.#waiting.clear();
    }
  }
}
