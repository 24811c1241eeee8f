/** What is usual at a camera, to be kept while the process that learnt it is gone. */
export type SceneMemory = {
  readonly right: Float32Array;
  readonly down: Float32Array;
  readonly noise: number;
  readonly largeNoise: number;
  readonly strength: number;
  readonly sharpness: number | undefined;
  readonly white: number;
  readonly brightness: number;
};

const format = 1;
const numbers = 6;
const headerBytes = 8 + numbers * 8;
/** Gradients are kept to an eighth of a grey level. */
const steps = 8;

/** A version and size, six numbers, and the gradients as 16-bit integers; little-endian. */
export function encodeSceneMemory(memory: SceneMemory): Uint8Array {
  const count = memory.right.length;
  const view = new DataView(new ArrayBuffer(headerBytes + count * 4));
  view.setUint32(0, format, true);
  view.setUint32(4, count, true);
  const { noise, largeNoise, strength, sharpness = -1, white, brightness } = memory;
  for (const [index, value] of [noise, largeNoise, strength, sharpness, white, brightness].entries()) {
    view.setFloat64(8 + index * 8, value, true);
  }
  for (let at = 0; at < count; at += 1) {
    view.setInt16(headerBytes + at * 4, Math.round((memory.right[at] ?? 0) * steps), true);
    view.setInt16(headerBytes + at * 4 + 2, Math.round((memory.down[at] ?? 0) * steps), true);
  }
  return new Uint8Array(view.buffer);
}

/** Undefined for whatever is no memory of a scene of so many pixels: then it is learnt anew. */
export function decodeSceneMemory(bytes: Uint8Array, count: number): SceneMemory | undefined {
  if (bytes.length !== headerBytes + count * 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== format || view.getUint32(4, true) !== count) return undefined;
  const at = (index: number): number => view.getFloat64(8 + index * 8, true);
  const [noise, largeNoise, strength, sharpness] = [at(0), at(1), at(2), at(3)];
  const [white, brightness] = [at(4), at(5)];
  const areSound = [noise, largeNoise, strength, brightness].every((value) => value >= 0 && value <= 1000);
  if (!areSound || !(white >= 0 && white <= 1) || !(sharpness >= -1 && sharpness <= 1000)) return undefined;
  const right = new Float32Array(count);
  const down = new Float32Array(count);
  for (let pixel = 0; pixel < count; pixel += 1) {
    right[pixel] = view.getInt16(headerBytes + pixel * 4, true) / steps;
    down[pixel] = view.getInt16(headerBytes + pixel * 4 + 2, true) / steps;
  }
  const fineness = sharpness < 0 ? undefined : sharpness;
  return { right, down, noise, largeNoise, strength, sharpness: fineness, white, brightness };
}
