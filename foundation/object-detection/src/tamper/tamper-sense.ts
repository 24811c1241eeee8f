import { shrink } from '../grey.ts';
import type { GreyPicture } from '../grey.ts';
import { gradientsOf } from './gradients.ts';
import { createHold } from './hold.ts';
import { fingerprint, measurePicture } from './measures.ts';
import { createNoiseMemory } from './noise-memory.ts';
import { createRepetition } from './repetition.ts';
import { decodeSceneMemory, encodeSceneMemory } from './scene-memory.ts';
import { createUsual } from './usual.ts';
import type { Look } from './usual.ts';

/** `black`: covered, or the light went out at once; nothing in a black picture tells which. */
export const tamperKinds = ['covered', 'black', 'blurred', 'moved', 'dazzled', 'frozen', 'replayed'] as const;
export type TamperKind = (typeof tamperKinds)[number];

export type TamperSign = {
  readonly kind: TamperKind;
  /** How clear it is, 0.5 to 1. */
  readonly score: number;
};

/** Whether somebody keeps a camera from seeing what it usually sees. */
export type TamperSense = {
  /** One picture, a few hundred pixels wide. `atMs` must not go back. */
  see(picture: GreyPicture, atMs: number): TamperSign | undefined;
  /** Whether it knows what is usual: before, standing and replayed pictures are told, and black ones of no light yet. */
  isLearnt(): boolean;
  /** What was learnt, for another sense to go on from; undefined before, and while something is wrong. */
  remember(): Uint8Array | undefined;
};

const sceneSize = { width: 160, height: 120 } as const;

/** Nothing is told before so much was learnt. */
const learnPictures = 10;
const learnMs = 1500;
/** A camera that has shown no light for so long since its first picture is told as black: many begin with dark ones. */
const darkStartMs = 3000;
/** Share of the picture that is white, over what usually is. */
const leastGlare = 0.08;
/** Mean grey level of what a camera makes of no light: the black of its encoder, and noise. A hand or cloth by day is lighter. */
const darkLevel = 24;
/** Darker than that after minutes of dusk there is nothing to judge by. */
const fadedLevel = 12;
/** As dark as that there is no noise left to tell a frozen picture by. */
const blackLevel = 8;

/**
 * Told by what does not change with light: directions of edges, how fine they are, and noise. So night, lamps, rain and
 * a mast in the wind are no tampering. Known gaps: a light that goes out and leaves nothing at all looks the same as a
 * lens that is covered, and both are told as black, also when it was so from the first picture on; one that fades away is
 * not told; a camera that sees nothing but a plain wall tells only freezing and replaying; what is done within the first seconds,
 * or slower than the scene is learnt (minutes), is learnt.
 */
export function createTamperSense(learnt?: Uint8Array): TamperSense {
  const memory = learnt === undefined ? undefined : decodeSceneMemory(learnt, sceneSize.width * sceneSize.height);
  const usual = createUsual(sceneSize, memory);
  const noise = createNoiseMemory();
  const repetition = createRepetition();
  const covered = createHold({ pictures: 2, forMs: 0 });
  const veiled = createHold({ pictures: 10, forMs: 1000 });
  const partly = createHold({ pictures: 5, forMs: 1000 });
  const replaced = createHold({ pictures: 3, forMs: 400 });
  const nudged = createHold({ pictures: 8, forMs: 1500 });
  const blurred = createHold({ pictures: 5, forMs: 700 });
  const dazzled = createHold({ pictures: 4, forMs: 700 });
  const dazzledAtOnce = createHold({ pictures: 2, forMs: 150 });
  let before: { small: GreyPicture; large: GreyPicture } | undefined;
  let firstMs: number | undefined;
  let seen = 0;
  let isSure = false;
  let isLearnt = false;
  /** Nobody knows what it would see: there was no light since the first picture. */
  let isDarkYet = memory === undefined;
  /** A mast that sways comes back to where it was: what is alike then is the scene, not the noise. */
  let isCalm = true;
  let told: TamperSign | undefined;

  const judge = (look: Look, atMs: number): TamperSign | undefined => {
    const isGone = look.kept < 0.3 && look.lostPlaces >= 0.5;
    const glare = look.white - look.usualWhite;
    const isGlaring = glare > leastGlare && look.lostPlaces >= (glare > 1.5 * leastGlare ? 0.1 : 0.2);
    const isFlat = look.strength < 0.25;
    const isSharp = look.sharpness !== undefined && look.sharpness > 0.55;
    const isElsewhere = isGone && (look.foundElsewhere > 0.45 || (isSharp && !isFlat));
    const isDark = look.brightness < darkLevel;
    const isFaded = look.brightness < fadedLevel && !look.darkenedAtOnce;
    const isPartly = look.longLost >= 0.2 && look.lostPlaces >= 0.2 && look.kept >= 0.3 && look.isCalm;
    // Every hold hears of every picture.
    const results: readonly (readonly [TamperKind, boolean, number])[] = [
      ['dazzled', dazzledAtOnce.see(isGlaring && look.kept < 0.3, atMs), 0.7 + look.white / 3],
      ['dazzled', dazzled.see(isGlaring, atMs), 0.6 + look.white / 3],
      ['moved', replaced.see(isElsewhere && look.isSettled && !isGlaring, atMs), 0.6 + 0.4 * look.foundElsewhere],
      [
        'covered',
        covered.see(isGone && !isElsewhere && !isGlaring && !isFaded && (look.isSettled || isFlat), atMs),
        1 - look.kept,
      ],
      ['covered', veiled.see(isGone && look.isGoneOnAverage && !isGlaring && !isFaded, atMs), 0.8 - look.kept],
      ['moved', nudged.see(look.isNudged && !isGone, atMs), 0.7],
      ['blurred', blurred.see(isBlurred(look), atMs), 0.6],
      ['covered', partly.see(isPartly && !isGlaring && !isFaded, atMs), 0.5 + look.lostPlaces / 2],
    ];
    const found = results.find(([, holds]) => holds);
    if (found === undefined) return undefined;
    const [kind, , score] = found;
    return { kind: kind === 'covered' && isDark ? 'black' : kind, score: Math.max(0.5, Math.min(1, score)) };
  };

  return {
    see(large, atMs) {
      const small = shrink(large, sceneSize.width, sceneSize.height);
      const gradients = gradientsOf(small);
      const measures = measurePicture(small, before?.small);
      const largeNoise = measurePicture(large, before?.large).noise;
      before = { small, large };
      firstMs ??= atMs;
      seen += 1;
      const alike = noise.see(large, atMs);
      const repeated = repetition.see(fingerprint(large), atMs, isCalm ? alike : []);
      const input = { gradients, large, measures, largeNoise, atMs };
      if (isDarkYet && (usual.hasStructure() || measures.brightness >= darkLevel)) {
        isDarkYet = false;
        // What was learnt of darkness is no view.
        if (!usual.hasStructure()) [seen, firstMs] = [1, atMs];
      }
      const isNew = memory === undefined && (seen <= learnPictures || atMs - firstMs < learnMs);
      if (isNew || !usual.hasStructure()) {
        usual.learn(input, 1 / Math.min(seen, 30));
        const isBlack = isDarkYet && !isNew && atMs - firstMs >= darkStartMs;
        return tell(isBlack ? { kind: 'black', score: 0.7 } : repeatedSign(repeated, measures.brightness));
      }
      isLearnt = true;
      const look = usual.look(input);
      isCalm = look.isCalm;
      const sign = judge(look, atMs) ?? lasting(look) ?? repeatedSign(repeated, measures.brightness);
      isSure = sign === undefined && look.kept > 0.6 && look.lostPlaces < 0.22;
      if (isSure) usual.follow(input);
      return tell(sign);
    },
    isLearnt: () => isLearnt,
    remember: () => (isSure ? encodeSceneMemory(usual.remember()) : undefined),
  };

  function tell(sign: TamperSign | undefined): TamperSign | undefined {
    told = sign;
    return sign;
  }

  /** What was told goes on until the scene is back, though single pictures may look otherwise. */
  function lasting(look: Look): TamperSign | undefined {
    return told === undefined || isOver(told, look) ? undefined : told;
  }
}

function isBlurred({ sharpness, kept, isSettled, isCalm }: Look): boolean {
  return sharpness !== undefined && isSettled && isCalm && kept > 0.4 && sharpness < 0.68;
}

function isOver({ kind }: TamperSign, look: Look): boolean {
  switch (kind) {
    case 'covered':
    case 'black':
      return look.kept > 0.5 && look.lostPlaces < 0.15;
    case 'moved':
      return look.kept > 0.5 && !look.isNudged;
    case 'dazzled':
      return look.white < look.usualWhite + leastGlare / 2;
    case 'blurred':
      return look.kept < 0.4 || (look.sharpness ?? 0) > 0.8;
    case 'frozen':
    case 'replayed':
      return true;
  }
}

function repeatedSign(kind: 'frozen' | 'replayed' | undefined, brightness: number): TamperSign | undefined {
  return kind === undefined || brightness < blackLevel ? undefined : { kind, score: 0.9 };
}
