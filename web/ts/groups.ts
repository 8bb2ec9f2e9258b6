// Groups of pictures in Workers of their own, a group in each.
import { Link } from "./link.js";
import type { GroupRequest, GroupSetup, Part } from "./protocol.js";

/** So many bytes of pictures may wait for their Workers before frames wait too. */
const LIMIT = 256 << 20;

/** What the groups want of their encoder. */
export interface GroupOwner {
  /** A group is coded. Resolves when its packets have been taken. */
  coded(stream: number, group: number, packets: Uint8Array[]): Promise<unknown>;
  /** A group has failed, and with it the stream. */
  failed(error: unknown): void;
}

interface Group {
  stream: number;
  number: number;
  /** What it has been given before it had a Worker. */
  queue: (Uint8Array<ArrayBuffer> | undefined)[];
  link: Link | undefined;
}

/** Hands groups to Workers in their order; starts as many as are needed, up to a limit. */
export class Groups {
  readonly #setups = new Map<number, GroupSetup>();
  readonly #groups = new Map<string, Group>();
  readonly #links: Link[] = [];
  readonly #idle: Link[] = [];
  /** The bytes of linear memory that their modules have. */
  readonly #memory = new Map<Link, number>();
  /** Resolves when the module has been sent to a Worker, which is before all else. */
  readonly #loaded = new WeakMap<Link, Promise<void>>();
  #waiting = 0;
  #wanting: (() => void)[] = [];
  #ended = false;

  constructor(
    private readonly workers: number,
    private readonly module: Promise<WebAssembly.Module>,
    private readonly owner: GroupOwner,
  ) {}

  /** The bytes of linear memory that the modules of all Workers have. */
  get memory(): number {
    return [...this.#memory.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** A stream is encoded in groups, each with these options. */
  add(stream: number, setup: GroupSetup): void {
    this.#setups.set(stream, setup);
  }

  /** Takes a picture for a group, or its end. */
  take({ stream, group: number, picture }: Part): void {
    if (this.#ended) {
      return;
    }
    const key = `${stream}:${number}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = { stream, number, queue: [], link: undefined };
      this.#groups.set(key, group);
      this.#assign(group);
    }
    this.#waiting += picture?.length ?? 0;
    if (group.link) {
      this.#send(group, group.link, picture);
    } else {
      group.queue.push(picture);
    }
  }

  /** Resolves when pictures may come. */
  async ready(): Promise<void> {
    await this.#until(() => this.#waiting <= LIMIT);
  }

  /** Resolves when all groups have come back. */
  async settled(): Promise<void> {
    await this.#until(() => this.#groups.size === 0);
  }

  /** Ends the Workers. */
  end(reason: unknown): void {
    this.#ended = true;
    this.#links.forEach((link) => link.end(reason));
    this.#groups.clear();
    this.#waiting = 0;
    this.#look();
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done() && !this.#ended) {
      await new Promise<void>((look) => this.#wanting.push(look));
    }
  }

  #look(): void {
    this.#wanting.splice(0).forEach((look) => look());
  }

  /** Gives a group a Worker, if there is one to be had. */
  #assign(group: Group): void {
    const link = this.#idle.pop() ?? (this.#links.length < this.workers ? this.#start() : undefined);
    const setup = this.#setups.get(group.stream);
    if (!link || !setup) {
      return;
    }
    group.link = link;
    this.#ask(link, { ...setup, do: "beginGroup" });
    group.queue.splice(0).forEach((picture) => this.#send(group, link, picture));
  }

  #start(): Link {
    const link: Link = new Link(true, {
      replied: ({ memory }) => void this.#memory.set(link, memory),
      failed: (error) => this.owner.failed(error),
    });
    this.#links.push(link);
    // What is asked before the module is there waits for it.
    this.#loaded.set(
      link,
      this.module.then((module) => void this.#ask(link, { do: "loadGroups", module })),
    );
    return link;
  }

  #ask(link: Link, request: GroupRequest, transfer: Transferable[] = []): Promise<unknown> {
    const loaded = request.do === "loadGroups" ? undefined : this.#loaded.get(link);
    const answer = loaded ? loaded.then(() => link.ask(request, transfer)) : link.ask(request, transfer);
    answer.catch((error) => !this.#ended && this.owner.failed(error));
    return answer;
  }

  #send(group: Group, link: Link, picture: Uint8Array<ArrayBuffer> | undefined): void {
    if (picture) {
      const size = picture.length;
      void this.#ask(link, { do: "picture", picture }, [picture.buffer])
        .then(() => {
          this.#waiting -= size;
          this.#look();
        })
        .catch(() => {});
      return;
    }
    void this.#ask(link, { do: "endGroup" })
      .then((packets) => {
        this.#idle.push(link);
        const next = [...this.#groups.values()].find((other) => !other.link);
        if (next) {
          this.#assign(next);
        }
        return this.owner.coded(group.stream, group.number, packets as Uint8Array[]);
      })
      .then(() => {
        this.#groups.delete(`${group.stream}:${group.number}`);
        this.#look();
      })
      .catch((error) => !this.#ended && this.owner.failed(error));
  }
}
