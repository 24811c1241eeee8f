import type { GreyPicture } from '../grey.ts';

/** Earlier pictures with the very same noise. */
export type NoiseMemory = {
  /** When such pictures were seen; at most eight, the last ones. `atMs` must not go back. */
  see(picture: GreyPicture, atMs: number): readonly number[];
};

/** Cells of a picture; of every four one is kept. A picture this coarse keeps its noise when it is compressed anew. */
const columns = 104;
const rows = 78;
const words = 64;
const kept = words * 32;
/** Half a kilobyte each: two minutes of pictures, none sooner than a fifth of a second after the one before. */
const mostPrints = 600;
const keepEveryMs = 200;
/** Pictures shortly after each other share what moves and how the light is. */
const leastAgeMs = 1000;
const backgroundMs = 3000;
/** Grey levels: below that a cell says nothing. */
const leastLevel = 0.1;
/** What stands out from the noise by so much is something that moves. */
const mostTimes = 6;
const leastCells = 400;
/** Of cells, those that agree less those that do not: 1 for the same picture, hardly over 0 for another. */
const leastAlike = 0.2;
/** More than pictures just before and after it: those share what stands there, how the light is, and what a codec left. */
const leastOverOthers = 0.1;
/** Over the middle one of all, in their spread: what sways or flickers is somewhat like many, and spreads wide. */
const leastSpreads = 5;
const mostMatches = 8;

type Print = { readonly up: Uint32Array; readonly down: Uint32Array; readonly cells: number; readonly atMs: number };

/**
 * A sensor's noise is another one in each picture, and a picture that is compressed anew, or made somewhat smaller, keeps
 * enough of it to be known again. Which cells are lighter or darker than usual beside their neighbours, and by no more
 * than noise makes them, is kept of each picture. A picture without noise says nothing. What is like many others (a lamp
 * that flickers, a mast that sways) is no match.
 */
export function createNoiseMemory(): NoiseMemory {
  const usual = new Float32Array(kept);
  let scale: number | undefined;
  let seen = 0;
  let lastMs = 0;
  let keptMs = -Infinity;
  let prints: Print[] = [];

  return {
    see(picture, atMs) {
      const beside = besideNeighbours(cellsOf(picture));
      const rest = new Float32Array(kept);
      for (let at = 0; at < kept; at += 1) rest[at] = (beside[at] ?? 0) - (usual[at] ?? 0);
      seen += 1;
      const share = Math.max(1 / seen, 1 - Math.exp(-Math.min(2000, atMs - lastMs) / backgroundMs));
      lastMs = atMs;
      for (let at = 0; at < kept; at += 1) usual[at] = (usual[at] ?? 0) + (rest[at] ?? 0) * share;
      if (seen === 1) return [];
      const level = medianOf(rest);
      scale = scale === undefined || level < scale ? level : Math.min(level, scale * 1.02 + 0.002);
      const print = printOf(rest, scale, atMs);
      // Much more than noise: it was moved, or the light changed.
      if (print.cells < leastCells || level > 2.5 * scale + leastLevel) return [];
      const matches = matchesOf(print, prints);
      if (atMs - keptMs >= keepEveryMs) {
        keptMs = atMs;
        prints = [...prints.slice(1 - mostPrints), print];
      }
      return matches;
    },
  };
}

/** Mean levels, not rounded. */
function cellsOf({ width, height, pixels }: GreyPicture): Float32Array {
  const cells = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const top = Math.floor((row * height) / rows);
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * height) / rows));
    for (let column = 0; column < columns; column += 1) {
      const left = Math.floor((column * width) / columns);
      const right = Math.max(left + 1, Math.floor(((column + 1) * width) / columns));
      let sum = 0;
      for (let y = top; y < bottom; y += 1) {
        for (let at = y * width + left, end = y * width + right; at < end; at += 1) sum += pixels[at] ?? 0;
      }
      cells[row * columns + column] = sum / ((bottom - top) * (right - left));
    }
  }
  return cells;
}

/** How much lighter cells are than the four around them. */
function besideNeighbours(cells: Float32Array): Float32Array {
  const beside = new Float32Array(kept);
  let next = 0;
  for (let row = 1; row < rows - 1 && next < kept; row += 1) {
    // Kept cells stand in a lattice, so that none is a neighbour of another.
    for (let column = 1 + ((row * 2) % 4); column < columns - 1 && next < kept; column += row % 2 === 0 ? 4 : 3) {
      const at = row * columns + column;
      const around =
        (cells[at - 1] ?? 0) + (cells[at + 1] ?? 0) + (cells[at - columns] ?? 0) + (cells[at + columns] ?? 0);
      beside[next] = (cells[at] ?? 0) - around / 4;
      next += 1;
    }
  }
  return beside;
}

function medianOf(rest: Float32Array): number {
  const sizes = rest.map((value) => Math.abs(value)).toSorted();
  return sizes[sizes.length / 2] ?? 0;
}

function printOf(rest: Float32Array, scale: number, atMs: number): Print {
  const up = new Uint32Array(words);
  const down = new Uint32Array(words);
  const least = Math.max(leastLevel, scale / 2);
  const most = Math.max(leastLevel, scale) * mostTimes;
  let cells = 0;
  for (let at = 0; at < kept; at += 1) {
    const value = rest[at] ?? 0;
    const size = Math.abs(value);
    if (size < least || size > most) continue;
    cells += 1;
    const side = value > 0 ? up : down;
    side[at >> 5] = (side[at >> 5] ?? 0) | (1 << (at & 31));
  }
  return { up, down, cells, atMs };
}

function matchesOf(print: Print, prints: readonly Print[]): readonly number[] {
  const alike = prints.map((each) => alikeness(print, each));
  const at = (index: number): number => alike[index] ?? 0;
  const sorted = Float32Array.from(alike).toSorted();
  const part = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const outstanding = Math.max(leastAlike, part(0.5) + (leastSpreads * (part(0.84) - part(0.16))) / 2);
  const matches = prints.filter(({ atMs }, index) => {
    const asMuch = Math.max(at(index - 2), at(index - 1), at(index + 1), at(index + 2));
    const isOld = print.atMs - atMs >= leastAgeMs && index < prints.length - 1;
    return isOld && at(index) >= outstanding && at(index) >= asMuch + leastOverOthers;
  });
  if (matches.length > Math.max(3, prints.length / 8)) return [];
  return matches.slice(-mostMatches).map(({ atMs }) => atMs);
}

function alikeness(one: Print, other: Print): number {
  let same = 0;
  let opposite = 0;
  for (let at = 0; at < words; at += 1) {
    const [up, down, otherUp, otherDown] = [one.up[at] ?? 0, one.down[at] ?? 0, other.up[at] ?? 0, other.down[at] ?? 0];
    same += bitsOf((up & otherUp) | (down & otherDown));
    opposite += bitsOf((up & otherDown) | (down & otherUp));
  }
  return (same - opposite) / (one.cells + other.cells - same - opposite);
}

function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
