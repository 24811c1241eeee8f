import { oneIn, scoreOfProbability, unremarkable } from './judgement.ts';
import type { Judgement } from './judgement.ts';
import { readState } from './read-state.ts';

/** What kind of step follows which: the order in which an agent uses its tools, or an account's actions come. */
export type SequenceNovelty = {
  observe(kind: string, timeMs: number): Judgement;
  /** The next step begins anew: a new session. */
  begin(): void;
  isLearnt(): boolean;
  state(): string;
};

const model = 'sequence-novelty';
const version = 1;
export const sequenceWarmUp = 50;
const longestKind = 64;
const separator = '\u0001';

/**
 * A Markov model of order two that falls back to order one and to plain frequency where it saw too little (escape weights of Witten and
 * Bell 1991): probability of this step after the two before it. At most `capacity` counted runs of up to three steps; when they are full, all
 * counts are halved and single ones go, so that habits that changed are unlearnt. Never seen after a context that is well known is what
 * scores most.
 */
export function createSequenceNovelty(settings: { what: string; capacity?: number }, saved?: string): SequenceNovelty {
  const capacity = settings.capacity ?? 2000;
  /** Of a run of steps: how often, and how many different steps came after it. */
  const runs = new Map<string, { count: number; followers: number }>();
  let before: string[] = [];
  let seen = 0;
  if (saved !== undefined) {
    const state = readState(saved, model, version);
    const names = state.texts('runs', { maxLength: capacity + 4, maxTextLength: 3 * longestKind + 2 });
    const length = names.length;
    const counts = state.numbers('counts', { maxLength: capacity + 4, length, least: 0, most: 1e12 });
    const followers = state.numbers('followers', { maxLength: capacity + 4, length, least: 0, most: 1e6 });
    for (const [order, name] of names.entries())
      runs.set(name, { count: counts[order] ?? 0, followers: followers[order] ?? 0 });
    before = state.texts('before', { maxLength: 2, maxTextLength: longestKind });
    seen = state.whole('seen', 0, 1e12);
    if (runs.size !== length) state.refuse();
  }

  function probabilityOf(kind: string): number {
    const root = runs.get('');
    let probability = 1 / ((root?.followers ?? 0) + 1);
    for (let order = 0; order <= before.length; order += 1) {
      const context = before.slice(before.length - order);
      const known = order === 0 ? root : runs.get(context.join(separator));
      if (known === undefined || known.count === 0) continue;
      const together = runs.get([...context, kind].join(separator))?.count ?? 0;
      probability = (together + known.followers * probability) / (known.count + known.followers);
    }
    return probability;
  }

  function learn(kind: string): void {
    for (let order = 0; order <= before.length; order += 1) {
      const context = before.slice(before.length - order);
      const name = [...context, kind].join(separator);
      const run = runs.get(name);
      const isNew = run === undefined || run.count === 0;
      runs.set(name, { count: (run?.count ?? 0) + 1, followers: run?.followers ?? 0 });
      const parent = context.join(separator);
      const above = runs.get(parent) ?? { count: 0, followers: 0 };
      // Counts of a run are how often it came; of the empty one, how many steps there were.
      runs.set(parent, {
        count: order === 0 ? above.count + 1 : above.count,
        followers: above.followers + (isNew ? 1 : 0),
      });
    }
    if (runs.size > capacity) halve();
  }

  function halve(): void {
    const kept = [...runs].flatMap(([name, { count }]) => {
      const half = Math.floor(count / 2);
      return half >= 1 || name === '' ? [[name, half] as const] : [];
    });
    // So many runs of several sightings each that none goes: the rarest half goes.
    const most = Math.floor(capacity / 2);
    const fits = kept.length <= most ? kept : kept.toSorted((a, b) => b[1] - a[1]).slice(0, most);
    runs.clear();
    runs.set('', { count: 0, followers: 0 });
    for (const [name, count] of fits) runs.set(name, { count, followers: 0 });
    let steps = 0;
    for (const name of runs.keys()) {
      if (name === '') continue;
      const parts = name.split(separator);
      if (parts.length === 1) steps += runs.get(name)?.count ?? 0;
      const parent = parts.slice(0, -1).join(separator);
      const above = runs.get(parent);
      if (above !== undefined) runs.set(parent, { ...above, followers: above.followers + 1 });
    }
    runs.set('', { count: steps, followers: runs.get('')?.followers ?? 0 });
  }

  return {
    observe(step) {
      const kind = step.slice(0, longestKind).replaceAll(separator, ' ');
      const isLearnt = seen >= sequenceWarmUp;
      const probability = isLearnt ? probabilityOf(kind) : 1;
      const after = before.join(', then ');
      learn(kind);
      before = [...before, kind].slice(-2);
      seen = Math.min(seen + 1, 1e12);
      const score = scoreOfProbability(probability);
      if (score === 0) return unremarkable;
      const follows = after === '' ? 'as a first step' : `after ${after}`;
      return { score, reasons: [`${settings.what} ${kind} ${follows} is unusual: ${oneIn(probability)}`] };
    },
    begin() {
      before = [];
    },
    isLearnt: () => seen >= sequenceWarmUp,
    state: () =>
      JSON.stringify({
        model,
        version,
        seen,
        before,
        runs: [...runs.keys()],
        counts: [...runs.values()].map(({ count }) => count),
        followers: [...runs.values()].map(({ followers }) => followers),
      }),
  };
}
