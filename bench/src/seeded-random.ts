export type SeededRandom = {
  /** From 0 to below `limit`. */
  integer(limit: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  hex(characters: number): string;
};

/** The same seed gives the same run (mulberry32). Not for secrets. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (limit: number): number => Math.floor(next() * limit);
  return {
    integer,
    pick: (items) => items[integer(items.length)] ?? items[0],
    hex(characters) {
      let text = '';
      while (text.length < characters)
        text += Math.floor(next() * 2 ** 32)
          .toString(16)
          .padStart(8, '0');
      return text.slice(0, characters);
    },
  };
}
