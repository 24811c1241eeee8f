import type { GreyPicture } from '../grey.ts';
import type { Gradients } from './gradients.ts';
import type { PictureMeasures } from './measures.ts';
import { createScene, placeColumns, placeRows } from './scene.ts';
import type { SceneMemory } from './scene-memory.ts';
import type { Kept, Shift } from './scene.ts';
import { sharpnessAt } from './sharpness.ts';

export type LookInput = {
  readonly gradients: Gradients;
  readonly large: GreyPicture;
  readonly measures: PictureMeasures;
  readonly largeNoise: number | undefined;
  readonly atMs: number;
};

/** A picture against what the camera usually sees. */
export type Look = {
  /** Share of the usual edges that are there, where they were or a few pixels aside. */
  readonly kept: number;
  readonly lostPlaces: number;
  /** Strength of what is at the usual edges, against what it was. */
  readonly strength: number;
  /** Share of the usual edges found again further aside; looked for only when they are gone. */
  readonly foundElsewhere: number;
  /** Against the usual; undefined when nothing can be said. */
  readonly sharpness: number | undefined;
  readonly brightness: number;
  /** Whether it was much lighter three seconds ago. */
  readonly darkenedAtOnce: boolean;
  readonly white: number;
  readonly usualWhite: number;
  /** Hardly changed since the picture before: no rain, no light that just went on. */
  readonly isSettled: boolean;
  /** The camera itself does not shake. */
  readonly isCalm: boolean;
  /** Of the places that have edges, the share that has been lost for a while. */
  readonly longLost: number;
  /** All is a few pixels aside, and has been for a while. */
  readonly isNudged: boolean;
  /** Also the mean of the last pictures shows nothing of the scene: rain would. */
  readonly isGoneOnAverage: boolean;
};

/** How long until a lasting change is usual. */
const followMs = 120_000;
const nearReach = 4;
const farReach = 40;
const leastNudge = 2.5;

/** What a camera usually sees, learnt at first and followed slowly as long as nothing is wrong. */
export function createUsual(
  { width, height }: { readonly width: number; readonly height: number },
  memory?: SceneMemory,
) {
  const scene = createScene(width, height, memory);
  const average: Gradients = {
    width,
    height,
    right: new Float32Array(width * height),
    down: new Float32Array(width * height),
  };
  let noise = memory?.noise ?? 2;
  let largeNoise = memory?.largeNoise ?? 3;
  let strength = memory?.strength ?? 0;
  let sharpness = memory?.sharpness;
  let white = memory?.white ?? 0;
  let lastMs = 0;
  const lostFor = new Float32Array(placeColumns * placeRows);
  let placesMs = 0;
  let shift: Shift = { x: 0, y: 0 };
  let wander = 0;
  let farLookedMs = -Infinity;
  let foundElsewhere = 0;
  const brightness: { readonly atMs: number; readonly level: number }[] = [];
  let resumedLevel = memory?.brightness;

  const floor = (): number => Math.max(1.2, noise);

  /** Falls at once and rises slowly: what moves or flashes is no noise of the sensor. */
  const hearNoise = ({ measures, largeNoise: large }: LookInput): void => {
    if (measures.noise !== undefined) noise = steadied(noise, measures.noise);
    if (large !== undefined) largeNoise = steadied(largeNoise, large);
  };

  const takeIn = (into: number, value: number | undefined, share: number): number =>
    value === undefined ? into : into + (value - into) * share;

  const measureSharpness = ({ gradients, large }: LookInput, aside: Shift): number | undefined =>
    aside.x !== 0 || aside.y !== 0
      ? undefined
      : sharpnessAt(scene.edges(), gradients, large, { large: largeNoise, floor: floor() });

  const learn = (input: LookInput, share: number): void => {
    const { gradients, measures, atMs } = input;
    scene.learn(gradients, share);
    strength = takeIn(strength, scene.strengthOf(gradients), share);
    white = takeIn(white, measures.white, share);
    const measured = measureSharpness(input, { x: 0, y: 0 });
    sharpness = sharpness === undefined ? measured : takeIn(sharpness, measured, share);
    lastMs = atMs;
  };

  return {
    hasStructure: () => scene.hasStructure(),
    remember: (): SceneMemory => ({
      ...scene.learnt(),
      noise,
      largeNoise,
      strength,
      sharpness,
      white,
      brightness: brightness.at(-1)?.level ?? 0,
    }),
    learn(input: LookInput, share: number): void {
      hearNoise(input);
      mix(average, input.gradients, 0.25);
      learn(input, share);
    },
    /** Takes in a picture in which nothing is wrong. */
    follow(input: LookInput): void {
      if (shift.x === 0 && shift.y === 0) learn(input, 1 - Math.exp(-Math.min(input.atMs - lastMs, 2000) / followMs));
      else lastMs = input.atMs;
    },
    look(input: LookInput): Look {
      const { gradients, measures, atMs } = input;
      const isSettled = (measures.noise ?? 0) <= Math.max(4, 3 * noise);
      hearNoise(input);
      mix(average, gradients, 0.25);
      const { found, at } = lookAround(gradients);
      const aside = Math.hypot(at.x - shift.x, at.y - shift.y);
      wander += (aside - wander) * 0.15;
      shift = at;
      const longLost = followPlaces(found.places, atMs);
      const isGone = found.share < 0.25;
      if (!isGone) foundElsewhere = 0;
      else if (atMs - farLookedMs >= 300) {
        // The dearest look of all, so not at every picture.
        farLookedMs = atMs;
        foundElsewhere = scene.locate(gradients, floor(), farReach).kept;
      }
      const sharp = isGone
        ? sharpnessAt(scene.edges(), gradients, input.large, { large: largeNoise, floor: floor() })
        : measureSharpness(input, shift);
      return {
        kept: found.share,
        lostPlaces: found.lostPlaces,
        strength: strength === 0 ? 0 : scene.strengthOf(gradients) / strength,
        foundElsewhere,
        sharpness: sharp === undefined || sharpness === undefined ? undefined : sharp / sharpness,
        brightness: measures.brightness,
        darkenedAtOnce: darkened(measures.brightness, atMs),
        white: measures.white,
        usualWhite: white,
        isSettled,
        isCalm: wander < 0.8,
        longLost,
        isNudged: Math.hypot(shift.x, shift.y) >= leastNudge && wander < 0.5 && found.share > 0.4,
        isGoneOnAverage: isGone && scene.compare(average, floor() / 2).share < 0.3,
      };
    },
  };

  /** Each place has a mean over two seconds of whether it was lost: what passes by leaves it low. */
  function followPlaces(places: readonly (boolean | undefined)[], atMs: number): number {
    const share = 1 - Math.exp(-Math.max(0, Math.min(atMs - placesMs, 1000)) / 1000);
    placesMs = atMs;
    let judged = 0;
    let lasting = 0;
    for (const [place, lost] of places.entries()) {
      if (lost === undefined) continue;
      const before = lostFor[place] ?? 0;
      lostFor[place] = before + ((lost ? 1 : 0) - before) * share;
      judged += 1;
      if ((lostFor[place] ?? 0) > 0.85) lasting += 1;
    }
    return judged === 0 ? 0 : lasting / judged;
  }

  /** Where it was last, else in the neighbourhood, which is dearer. */
  function lookAround(gradients: Gradients): { readonly found: Kept; readonly at: Shift } {
    const found = scene.compare(gradients, floor(), shift);
    if (found.share > 0.85) return { found, at: shift };
    const near = scene.locate(gradients, floor(), nearReach);
    return { found: scene.compare(gradients, floor(), near.shift), at: near.shift };
  }

  /** Whether it was more than twice as light at some time in the last six seconds. */
  function darkened(level: number, atMs: number): boolean {
    if (resumedLevel !== undefined) brightness.push({ atMs, level: resumedLevel });
    resumedLevel = undefined;
    brightness.push({ atMs, level });
    while ((brightness[0]?.atMs ?? atMs) < atMs - 6000) brightness.shift();
    return brightness.some((earlier) => earlier.level > 2 * level + 4);
  }
}

function steadied(usual: number, measured: number): number {
  return measured < usual ? usual + (measured - usual) * 0.3 : Math.min(measured, usual * 1.02 + 0.002);
}

function mix(into: Gradients, gradients: Gradients, share: number): void {
  for (let at = 0; at < into.right.length; at += 1) {
    into.right[at] = (into.right[at] ?? 0) * (1 - share) + (gradients.right[at] ?? 0) * share;
    into.down[at] = (into.down[at] ?? 0) * (1 - share) + (gradients.down[at] ?? 0) * share;
  }
}
