// Frames of red, green and blue into pictures of 4:2:0 on a GPU, by the library's own shader: the same integers as on the CPU.
import { matrixFor, type Matrix } from "./matrix.js";
import type { GpuReport } from "./report.js";
import { RGB_SHADER } from "./wgsl.js";

/** What is asked of a stream that may be converted on a GPU. */
export interface GpuRequest {
  /** `"auto"`: not by one that is software. */
  wanted: true | "auto";
  width: number;
  height: number;
  color: string | undefined;
  range: string | undefined;
  /** The container's own where it is not said. */
  codec: string | undefined;
  /** Why none of its frames can go there, where that is known from its options. */
  never: string | undefined;
}

// The part of WebGPU that is used; TypeScript's own library does not have it yet.
interface Buffer {
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}
interface Pass {
  setPipeline(pipeline: Pipeline): void;
  setBindGroup(index: number, group: object): void;
  dispatchWorkgroups(x: number, y: number): void;
  end(): void;
}
interface Commands {
  beginComputePass(): Pass;
  copyBufferToBuffer(from: Buffer, at: number, to: Buffer, start: number, size: number): void;
  finish(): object;
}
interface Pipeline {
  getBindGroupLayout(index: number): object;
}
interface Device {
  readonly limits: { maxStorageBufferBindingSize: number; maxBufferSize: number };
  readonly lost: Promise<{ message: string }>;
  readonly queue: { writeBuffer(buffer: Buffer, at: number, data: BufferSource): void; submit(commands: object[]): void };
  createBuffer(descriptor: { size: number; usage: number }): Buffer;
  createShaderModule(descriptor: { code: string }): object;
  createComputePipelineAsync(descriptor: object): Promise<Pipeline>;
  createBindGroup(descriptor: object): object;
  createCommandEncoder(): Commands;
  pushErrorScope(filter: "validation" | "out-of-memory"): void;
  popErrorScope(): Promise<{ message: string } | null>;
  destroy(): void;
}
interface Adapter {
  readonly info: { vendor: string; architecture: string; description: string; isFallbackAdapter?: boolean };
  readonly isFallbackAdapter?: boolean;
  requestDevice(): Promise<Device>;
}

// WebGPU's numbers, which are fixed.
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };
const MAP_READ = 1;
/** The pixels of a workgroup of the shader. */
const GROUP = { width: 64, height: 16 };
/** Where R, G, B and alpha are in the four bytes of a pixel. */
const FIRST: Record<string, [number, number, number, number]> = { rgba: [0, 1, 2, 3], bgra: [2, 1, 0, 3] };

/** Buffers of a frame on its way, used again by later ones. */
interface Slot {
  source: Buffer;
  params: Buffer;
  picture: Buffer;
  back: Buffer;
  group: object;
}

/** The way over a GPU of a stream; it may turn out that there is none. */
export class GpuLane {
  readonly #report: GpuReport = { frames: 0 };
  #device: Device | undefined;
  #pipeline: Pipeline | undefined;
  #free: Slot[] = [];
  readonly #strides: { luma: number; chroma: number };
  readonly #rows: number;
  readonly #matrix: Matrix | string;

  private constructor(private readonly request: GpuRequest) {
    const { width, height, color, range } = request;
    const luma = (width + 7) & ~7;
    this.#strides = { luma, chroma: luma / 2 };
    this.#rows = (height + 1) >> 1;
    this.#matrix = matrixFor(height, color, range);
  }

  /** Looks for a GPU. That there is none is no failure, but in the report. */
  static async open(request: GpuRequest): Promise<GpuLane> {
    const lane = new GpuLane(request);
    try {
      await lane.#open();
    } catch (error) {
      lane.#fallBack(error);
    }
    return lane;
  }

  /** Lets go of the GPU; gives what became of it. */
  end(): GpuReport {
    const device = this.#device;
    this.#device = undefined;
    device?.destroy();
    return { ...this.#report };
  }

  async #open(): Promise<void> {
    const { wanted, width, height, never } = this.request;
    const reason = never ?? (typeof this.#matrix === "string" ? this.#matrix : undefined);
    if (reason !== undefined) {
      throw new Error(reason);
    }
    const { navigator } = globalThis as { navigator?: { gpu?: { requestAdapter(): Promise<Adapter | null> } } };
    const gpu = navigator?.gpu;
    const adapter = await gpu?.requestAdapter();
    if (!adapter) {
      throw new Error(gpu ? "there is no GPU that WebGPU may use" : "there is no WebGPU here");
    }
    const { vendor, architecture, description } = adapter.info;
    this.#report.adapter = description || [vendor, architecture].filter(Boolean).join(" ") || "not named";
    if (wanted === "auto" && (adapter.info.isFallbackAdapter ?? adapter.isFallbackAdapter)) {
      throw new Error(`${this.#report.adapter} is software: \`gpu: true\` takes it all the same`);
    }
    const device = await adapter.requestDevice();
    this.#device = device;
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    if (4 * width * height > Math.min(maxStorageBufferBindingSize, maxBufferSize)) {
      throw new Error(`frames of ${width}x${height} are more than the ${maxStorageBufferBindingSize} bytes that a buffer of this GPU may have`);
    }
    const module = device.createShaderModule({ code: RGB_SHADER });
    this.#pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "convert" } });
    void device.lost.then(({ message }) => this.#device && this.#fallBack(new Error(`the GPU was lost: ${message}`)));
  }

  /** From now on the CPU does it. Frames that are on their way are done by it too. */
  #fallBack(error: unknown): void {
    this.#report.fallback ??= error instanceof Error ? error.message : String(error);
    const device = this.#device;
    this.#device = undefined;
    this.#free = [];
    device?.destroy();
  }

  /**
   * Converts a frame as soon as the GPU comes to it. `undefined`: it has to be done by the CPU. The next frame can be handed
   * over before this one is back.
   */
  async convert(format: string, width: number, height: number, data: Uint8Array): Promise<Uint8Array | undefined> {
    const first = FIRST[format];
    const [device, pipeline, matrix] = [this.#device, this.#pipeline, this.#matrix];
    if (!device || !pipeline || !first || typeof matrix === "string" || width !== this.request.width || height !== this.request.height) {
      return undefined;
    }
    try {
      device.pushErrorScope("out-of-memory");
      device.pushErrorScope("validation");
      const slot = this.#free.pop() ?? this.#slot(device, pipeline);
      device.queue.writeBuffer(slot.params, 0, this.#params(matrix, first));
      device.queue.writeBuffer(slot.source, 0, data as BufferSource);
      const commands = device.createCommandEncoder();
      const pass = commands.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, slot.group);
      pass.dispatchWorkgroups(Math.ceil(width / GROUP.width), Math.ceil(height / GROUP.height));
      pass.end();
      commands.copyBufferToBuffer(slot.picture, 0, slot.back, 0, this.#size());
      device.queue.submit([commands.finish()]);
      const wrong = Promise.all([device.popErrorScope(), device.popErrorScope()]);
      const [[invalid, memory]] = await Promise.all([wrong, slot.back.mapAsync(MAP_READ)]);
      if (invalid || memory) {
        throw new Error((invalid ?? memory)?.message);
      }
      const picture = this.#unpack(new Uint8Array(slot.back.getMappedRange()));
      slot.back.unmap();
      this.#free.push(slot);
      this.#report.frames++;
      return picture;
    } catch (error) {
      this.#fallBack(error);
      return undefined;
    }
  }

  /** The bytes of a picture in the form of the shader. */
  #size(): number {
    return this.#strides.luma * this.request.height + 2 * this.#strides.chroma * this.#rows;
  }

  #slot(device: Device, pipeline: Pipeline): Slot {
    const buffer = (size: number, usage: number) => device.createBuffer({ size, usage });
    const source = buffer(4 * this.request.width * this.request.height, USAGE.storage | USAGE.copyTarget);
    const params = buffer(128, USAGE.uniform | USAGE.copyTarget);
    const picture = buffer(this.#size(), USAGE.storage | USAGE.copySource);
    const back = buffer(this.#size(), USAGE.mapRead | USAGE.copyTarget);
    const entries = [params, picture, source].map((buffer, binding) => ({ binding, resource: { buffer } }));
    return { source, params, picture, back, group: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
  }

  /** `Params` of the shader. */
  #params({ y, u, v, shifts }: Matrix, first: number[]): Int32Array<ArrayBuffer> {
    const { width, height } = this.request;
    const { luma, chroma } = this.#strides;
    // Chroma is smaller by one bit either way: 3. Samples have 8 bits, in planes: 0.
    const planes = [(luma * height) / 4, (luma * height + chroma * this.#rows) / 4, 3, 0];
    return new Int32Array([
      ...[width, height, luma, chroma],
      ...planes,
      ...first,
      ...[4, 4 * width, 1, 0],
      ...[...y, ...u, ...v],
      ...[...shifts, 255, 255],
    ]);
  }

  /** Planes without room between rows. */
  #unpack(bytes: Uint8Array): Uint8Array {
    const { width, height } = this.request;
    const { luma, chroma } = this.#strides;
    const half = (width + 1) >> 1;
    const picture = new Uint8Array(width * height + 2 * half * this.#rows);
    let [from, to] = [0, 0];
    for (const [stride, length, rows] of [[luma, width, height], [chroma, half, this.#rows], [chroma, half, this.#rows]] as const) {
      for (let row = 0; row < rows; row++, from += stride, to += length) {
        picture.set(bytes.subarray(from, from + length), to);
      }
    }
    return picture;
  }
}
