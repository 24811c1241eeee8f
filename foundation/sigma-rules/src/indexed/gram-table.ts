import type { TextBytes } from './text-bytes.ts';
import type { Hits, Literal, Stride } from './literal.ts';

/** Literals by the groups of bytes they are known by, in flat memory. */
export type GramTable = {
  /** By the upper bits of a gram: 1 where some literal is known by such a one. */
  readonly isGram: Uint8Array;
  readonly shift: number;
  /** Reports every literal known by the gram that really stands in the text around `at`. */
  compare(gram: number, text: TextBytes, at: number, onHits: (hits: Hits) => void): void;
};

/** Odd, with its bits spread: the upper bits of the product depend on all of the bytes. */
const spread = 0x9e_37_79_b1;
const secondSpread = 0x85_eb_ca_77;

/** The group of four or eight bytes at `at` as one number of 32 bits. Different groups of eight may have the same. */
export function gramAt(view: DataView, at: number, isDouble: boolean): number {
  const first = Math.imul(view.getInt32(at, true), spread);
  return isDouble ? first ^ Math.imul(view.getInt32(at + 4, true), secondSpread) : first;
}

export function createGramTable(literals: readonly Literal[], stride: Stride): GramTable {
  const places = placesOf(literals, stride);
  const grams = [...places.keys()];
  const bits = Math.min(18, Math.max(8, Math.ceil(Math.log2(grams.length * 8 + 1))));
  const shift = 32 - bits;
  const isGram = new Uint8Array(1 << bits);
  const slotBits = Math.max(4, Math.ceil(Math.log2(grams.length * 2 + 1)));
  const slotShift = 32 - slotBits;
  const slotMask = (1 << slotBits) - 1;
  const slotGram = new Int32Array(1 << slotBits);
  /** The first place of the slot's gram plus one; 0: the slot is free. The places of a gram end where the literal is -1. */
  const slotPlace = new Int32Array(1 << slotBits);
  const count = [...places.values()].reduce((sum, found) => sum + found.length + 1, 0);
  const placeLiteral = new Int32Array(count).fill(-1);
  const placeOffset = new Int32Array(count);
  const starts = new Int32Array(literals.length + 1);
  for (const [order, { bytes }] of literals.entries()) starts[order + 1] = (starts[order] ?? 0) + bytes.length;
  const pool = new Uint8Array(starts.at(-1) ?? 0);
  for (const [order, { bytes }] of literals.entries()) pool.set(bytes, starts[order] ?? 0);
  const hits = literals.map((literal) => literal.hits);

  let next = 0;
  for (const [gram, found] of places) {
    isGram[gram >>> shift] = 1;
    let slot = gram >>> slotShift;
    while (slotPlace[slot] !== 0) slot = (slot + 1) & slotMask;
    slotGram[slot] = gram;
    slotPlace[slot] = next + 1;
    for (const { literal, offset } of found) {
      placeLiteral[next] = literal;
      placeOffset[next] = offset;
      next += 1;
    }
    next += 1;
  }

  function standsAt(literal: number, text: Uint8Array, length: number, from: number): boolean {
    const start = starts[literal] ?? 0;
    const size = (starts[literal + 1] ?? 0) - start;
    if (from < 0 || from + size > length) return false;
    for (let at = 0; at < size; at += 1) if (pool[start + at] !== text[from + at]) return false;
    return true;
  }

  return {
    isGram,
    shift,
    compare(gram, text, at, onHits) {
      const bytes = text.bytes();
      const length = text.length();
      let slot = gram >>> slotShift;
      while (slotPlace[slot] !== 0 && slotGram[slot] !== gram) slot = (slot + 1) & slotMask;
      let place = (slotPlace[slot] ?? 0) - 1;
      if (place < 0) return;
      for (let literal = placeLiteral[place] ?? -1; literal >= 0; literal = placeLiteral[place] ?? -1) {
        const found = hits[literal];
        if (found !== undefined && standsAt(literal, bytes, length, at - (placeOffset[place] ?? 0))) onHits(found);
        place += 1;
      }
    },
  };
}

type Place = { readonly literal: number; readonly offset: number };

/** By gram: the literals known by it, and where in them it begins. */
function placesOf(literals: readonly Literal[], { step, gramLength }: Stride): ReadonlyMap<number, readonly Place[]> {
  const grams = literals.map(({ bytes }) => gramsOf(bytes, gramLength));
  const frequency = new Map<number, number>();
  for (const own of grams) for (const gram of own) frequency.set(gram, (frequency.get(gram) ?? 0) + 1);
  const places = new Map<number, Place[]>();
  for (const [literal, own] of grams.entries()) {
    const from = rarestWindow(own, step, frequency);
    for (let offset = from; offset < from + step; offset += 1) {
      const gram = own[offset] ?? 0;
      const known = places.get(gram);
      if (known === undefined) places.set(gram, [{ literal, offset }]);
      else known.push({ literal, offset });
    }
  }
  return places;
}

/** Where the `width` neighbours begin that are the least frequent together. */
function rarestWindow(grams: readonly number[], width: number, frequency: ReadonlyMap<number, number>): number {
  let best = 0;
  let least = Infinity;
  for (let from = 0; from + width <= grams.length; from += 1) {
    let sum = 0;
    for (let at = from; at < from + width; at += 1) sum += frequency.get(grams[at] ?? 0) ?? 0;
    if (sum >= least) continue;
    least = sum;
    best = from;
  }
  return best;
}

/** Every group of bytes, as the search reads them. */
function gramsOf(bytes: Uint8Array, gramLength: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const grams: number[] = [];
  for (let at = 0; at + gramLength <= bytes.length; at += 1) grams.push(gramAt(view, at, gramLength === 8));
  return grams;
}
