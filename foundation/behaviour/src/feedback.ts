import { readState } from './read-state.ts';

/** What people said about findings: a reason called expected scores less the next time. */
export type Feedback = {
  /** `reason` names what repeats: a model and what it judged. */
  expected(reason: string, timeMs: number): void;
  confirmed(reason: string, timeMs: number): void;
  /** By how much a score is multiplied: 1 without a word about it, half after one "expected", a third after two. */
  factor(reason: string, timeMs: number): number;
  /** How many reasons are remembered. */
  size(): number;
  remove(reason: string): boolean;
  state(): string;
};

const model = 'feedback';
const version = 1;
/** What was said counts half after so long: what was expected once is not for ever. */
export const feedbackHalfLifeMs = 90 * 86_400_000;
const longestReason = 128;

/** At most `capacity` reasons; the one said longest ago makes room. */
export function createFeedback(settings: { capacity: number }, saved?: string): Feedback {
  const words = new Map<string, { weight: number; atMs: number }>();
  if (saved !== undefined) {
    const state = readState(saved, model, version);
    const reasons = state.texts('reasons', { maxLength: settings.capacity, maxTextLength: longestReason });
    const bounds = { maxLength: settings.capacity, length: reasons.length };
    const weights = state.numbers('weights', { ...bounds, least: 0, most: 100 });
    const times = state.numbers('times', { ...bounds, least: -1e100, most: 1e100 });
    for (const [order, reason] of reasons.entries())
      words.set(reason, { weight: weights[order] ?? 0, atMs: times[order] ?? 0 });
  }

  function weightAt(reason: string, timeMs: number): number {
    const word = words.get(reason.slice(0, longestReason));
    if (word === undefined) return 0;
    const ageMs = Math.max(0, timeMs - word.atMs);
    return word.weight * 0.5 ** (ageMs / feedbackHalfLifeMs);
  }

  function say(reason: string, weight: number, timeMs: number): void {
    const name = reason.slice(0, longestReason);
    words.delete(name);
    if (weight < 0.01) return;
    if (words.size >= settings.capacity) words.delete(words.keys().next().value ?? '');
    words.set(name, { weight: Math.min(100, weight), atMs: Number.isFinite(timeMs) ? timeMs : 0 });
  }

  return {
    expected: (reason, timeMs) => say(reason, weightAt(reason, timeMs) + 1, timeMs),
    confirmed: (reason, timeMs) => say(reason, 0, timeMs),
    factor: (reason, timeMs) => 1 / (1 + weightAt(reason, timeMs)),
    size: () => words.size,
    remove: (reason) => words.delete(reason.slice(0, longestReason)),
    state: () =>
      JSON.stringify({
        model,
        version,
        reasons: [...words.keys()],
        weights: [...words.values()].map(({ weight }) => weight),
        times: [...words.values()].map(({ atMs }) => atMs),
      }),
  };
}
