import type { Gradients } from './gradients.ts';

/** Where the edges of what a camera usually sees are, and which way each goes. */
export type Scene = {
  /** Takes a picture into what is usual. `share` from 0 (not at all) to 1 (only this one). */
  learn(gradients: Gradients, share: number): void;
  /** Its gradients, to go on from elsewhere. */
  learnt(): { readonly right: Float32Array; readonly down: Float32Array };
  /** Whether there are edges enough to tell anything by. */
  hasStructure(): boolean;
  /** How much of the scene a picture still shows, shifted by so many pixels. */
  compare(gradients: Gradients, floor: number, shift?: Shift): Kept;
  /** The shift within `reach` pixels at which most of the scene is found again. */
  locate(gradients: Gradients, floor: number, reach: number): { readonly shift: Shift; readonly kept: number };
  /** Mean strength of whatever gradients are at the edges. */
  strengthOf(gradients: Gradients): number;
  /** Pixels on edges, by index. */
  edges(): readonly number[];
};

export type Shift = { readonly x: number; readonly y: number };

export type Kept = {
  /** Share of the edges that are found again, beyond chance: 0 to 1. */
  readonly share: number;
  /** Of the places that have edges, the share that lost most of theirs. */
  readonly lostPlaces: number;
  /** For each place whether it lost most of its edges; undefined for places without edges. */
  readonly places: readonly (boolean | undefined)[];
};

export const placeColumns = 8;
export const placeRows = 6;
/** The strongest gradients are the scene; weaker ones are texture that comes and goes. */
const edgeShare = 0.12;
const leastEdge = 4;
const leastEdges = 150;
const leastEdgesInPlace = 8;
/** Edges count as the same within 30°, whichever side is the lighter: infrared turns some round. */
const sameDirection = Math.cos(Math.PI / 6) ** 2;
/** Chance that any other direction is within 30° of one of the two. */
const chance = 1 / 3;

/**
 * Directions of edges do not change with the light: a picture at a fifth of its brightness keeps them, a covered lens
 * does not. Things that move cancel each other out as pictures are learnt.
 */
export function createScene(
  width: number,
  height: number,
  learnt?: { readonly right: Float32Array; readonly down: Float32Array },
): Scene {
  const right = learnt?.right ?? new Float32Array(width * height);
  const down = learnt?.down ?? new Float32Array(width * height);
  const strength = new Float32Array(width * height);
  let edges: number[] = [];
  let sparse: number[] = [];
  let sinceChosen = 0;

  const choose = (): void => {
    for (let at = 0; at < strength.length; at += 1) strength[at] = (right[at] ?? 0) ** 2 + (down[at] ?? 0) ** 2;
    const sorted = strength.toSorted();
    const threshold = Math.max(leastEdge ** 2, sorted[Math.floor(sorted.length * (1 - edgeShare))] ?? 0);
    edges = [];
    for (let at = 0; at < strength.length; at += 1) if ((strength[at] ?? 0) > threshold) edges.push(at);
    const step = Math.max(1, Math.floor(edges.length / 500));
    sparse = edges.filter((_, index) => index % step === 0);
  };

  const isKept = (gradients: Gradients, edge: number, at: number, floorSquared: number): boolean => {
    const x = gradients.right[at] ?? 0;
    const y = gradients.down[at] ?? 0;
    const length = x * x + y * y;
    if (length < floorSquared) return false;
    const product = x * (right[edge] ?? 0) + y * (down[edge] ?? 0);
    return product * product >= sameDirection * length * (strength[edge] ?? 0);
  };

  /** The index of a shifted pixel, or -1 outside. */
  const shifted = (edge: number, { x, y }: Shift): number => {
    const column = (edge % width) + x;
    const row = Math.floor(edge / width) + y;
    return column < 1 || row < 1 || column >= width - 1 || row >= height - 1 ? -1 : row * width + column;
  };

  if (learnt !== undefined) choose();

  return {
    learnt: () => ({ right, down }),
    learn(gradients, share) {
      for (let at = 0; at < right.length; at += 1) {
        const oldRight = right[at] ?? 0;
        const oldDown = down[at] ?? 0;
        right[at] = oldRight + ((gradients.right[at] ?? 0) - oldRight) * share;
        down[at] = oldDown + ((gradients.down[at] ?? 0) - oldDown) * share;
      }
      sinceChosen += share;
      if (sinceChosen < 0.1 && edges.length > 0) return;
      sinceChosen = 0;
      choose();
    },
    hasStructure: () => edges.length >= leastEdges,
    compare(gradients, floor, shift = { x: 0, y: 0 }) {
      const had = new Uint16Array(placeColumns * placeRows);
      const kept = new Uint16Array(placeColumns * placeRows);
      let all = 0;
      let found = 0;
      for (const edge of edges) {
        const at = shifted(edge, shift);
        if (at < 0) continue;
        const place =
          Math.floor((Math.floor(edge / width) * placeRows) / height) * placeColumns +
          Math.floor(((edge % width) * placeColumns) / width);
        const same = isKept(gradients, edge, at, floor * floor) ? 1 : 0;
        had[place] = (had[place] ?? 0) + 1;
        kept[place] = (kept[place] ?? 0) + same;
        all += 1;
        found += same;
      }
      const places = Array.from(had, (count, place) =>
        count < leastEdgesInPlace ? undefined : beyondChance((kept[place] ?? 0) / count) < 0.3,
      );
      const judged = places.filter((lost) => lost !== undefined);
      return {
        share: all === 0 ? 0 : beyondChance(found / all),
        lostPlaces: judged.length === 0 ? 0 : judged.filter(Boolean).length / judged.length,
        places,
      };
    },
    locate(gradients, floor, reach) {
      let best: { shift: Shift; kept: number } = { shift: { x: 0, y: 0 }, kept: 0 };
      const isFar = reach > 6;
      const step = isFar ? 2 : 1;
      const looked = isFar ? sparse.filter((_, index) => index % 3 === 0) : sparse;
      for (let y = -reach; y <= reach; y += step) {
        for (let x = -reach; x <= reach; x += step) {
          const kept = keptAt({ x, y });
          // Where nothing speaks for another place, it is where it was.
          if (kept - 0.01 * Math.hypot(x, y) * (1 / reach) > best.kept) best = { shift: { x, y }, kept };
        }
      }
      return best;

      function keptAt(shift: Shift): number {
        let all = 0;
        let found = 0;
        for (const edge of looked) {
          const at = shifted(edge, shift);
          if (at < 0) continue;
          all += 1;
          if (isKept(gradients, edge, at, floor * floor)) found += 1;
        }
        return all < looked.length * 0.4 ? 0 : beyondChance(found / all);
      }
    },
    strengthOf({ right, down }) {
      let sum = 0;
      for (const edge of edges) sum += Math.hypot(right[edge] ?? 0, down[edge] ?? 0);
      return edges.length === 0 ? 0 : sum / edges.length;
    },
    edges: () => edges,
  };
}

function beyondChance(share: number): number {
  return Math.max(0, (share - chance) / (1 - chance));
}
