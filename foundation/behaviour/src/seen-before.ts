import { readState } from './read-state.ts';

/**
 * Whether something was ever seen, of very many things in fixed memory: two generations of a Bloom filter. Never says new of what is among
 * the last `perGeneration` different things; says seen of something new at most about once in a hundred (10 bits a thing, 7 probes: 0.8 %
 * each generation). Things are known by the hash they are given as.
 */
export type SeenBefore = {
  /** Remembers it; true when it was seen before. `hash`: 8 or more hexadecimal digits, evenly spread. */
  observe(hash: string): boolean;
  /** Things remembered by the younger generation. */
  size(): number;
  state(): string;
};

const model = 'seen-before';
const version = 1;
const probes = 7;

export function createSeenBefore(settings: { perGeneration: number }, saved?: string): SeenBefore {
  const bits = Math.ceil((settings.perGeneration * 10) / 8) * 8;
  let young = new Uint8Array(bits / 8);
  let old = new Uint8Array(bits / 8);
  let count = 0;
  if (saved !== undefined) {
    const state = readState(saved, model, version);
    const bytes = (name: string): Uint8Array<ArrayBuffer> => {
      const text = state.text(name, bits);
      const read = Buffer.from(text, 'base64');
      if (read.length !== bits / 8 || read.toString('base64') !== text) return state.refuse();
      return Uint8Array.from(read);
    };
    young = bytes('young');
    old = bytes('old');
    count = state.whole('count', 0, settings.perGeneration);
  }

  return {
    observe(hash) {
      const places = placesOf(hash, bits);
      const isYoung = places.every((place) => ((young[place >> 3] ?? 0) & (1 << (place & 7))) !== 0);
      const isOld = isYoung || places.every((place) => ((old[place >> 3] ?? 0) & (1 << (place & 7))) !== 0);
      if (!isYoung) {
        if (count >= settings.perGeneration) {
          old = young;
          young = new Uint8Array(bits / 8);
          count = 0;
        }
        for (const place of places) young[place >> 3] = (young[place >> 3] ?? 0) | (1 << (place & 7));
        count += 1;
      }
      return isOld;
    },
    size: () => count,
    state: () =>
      JSON.stringify({
        model,
        version,
        count,
        young: Buffer.from(young).toString('base64'),
        old: Buffer.from(old).toString('base64'),
      }),
  };
}

/** Double hashing (Kirsch and Mitzenmacher 2006): two halves of an FNV-1a pass make all the probes. */
function placesOf(hash: string, bits: number): number[] {
  let first = 0x811c9dc5;
  let second = 0x01000193;
  for (let at = 0; at < hash.length; at += 1) {
    first = Math.imul(first ^ hash.charCodeAt(at), 0x01000193);
    second = Math.imul(second ^ hash.charCodeAt(at), 0x85ebca6b) ^ (second >>> 13);
  }
  const step = (second | 1) >>> 0;
  return Array.from({ length: probes }, (_, probe) => ((first >>> 0) + probe * step) % bits);
}
