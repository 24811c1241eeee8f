import type { RiskSettings } from './risk-settings.ts';
import type { SignIn, State } from './state.ts';

type Count = { readonly now: number; readonly after: number };

/** What would have been otherwise in the last 30 days, by what is remembered: the newest sign-ins of each. */
export type SettingsPreview = {
  readonly people: number;
  readonly signIns: number;
  /** Sign-ins that were, and would have been, told as findings; asked for a stronger factor. */
  readonly told: Count;
  readonly stronger: Count;
  /** Sessions in two hands in the last hours: those that were, and would have been, ended. */
  readonly ended: Count;
  /** Whom it would have made a difference for, those most concerned first. */
  readonly affected: readonly {
    readonly id: string;
    readonly name: string;
    /** Sign-ins or sessions of theirs. */
    readonly more: number;
    readonly fewer: number;
    readonly words: readonly string[];
  }[];
  readonly affectedPeople: number;
};

const withinMs = 30 * 86_400_000;
const mostShown = 50;
const mostWords = 3;

export function previewSettings(
  states: Iterable<State>,
  { before, after, nowMs }: { readonly before: RiskSettings; readonly after: RiskSettings; readonly nowMs: number },
): SettingsPreview {
  let [people, signIns] = [0, 0];
  const told = { now: 0, after: 0 };
  const stronger = { now: 0, after: 0 };
  const ended = { now: 0, after: 0 };
  const affected: SettingsPreview['affected'][number][] = [];
  for (const state of states) {
    if (state.kind !== 'user') continue;
    people += 1;
    let [more, fewer] = [0, 0];
    const words: string[] = [];
    const tally = (
      count: { now: number; after: number },
      was: boolean,
      would: boolean,
      said: readonly string[],
    ): void => {
      count.now += was ? 1 : 0;
      count.after += would ? 1 : 0;
      if (was === would) return;
      if (would) more += 1;
      else fewer += 1;
      words.push(...said);
    };
    for (const { atMs, risk, words: said } of state.recent.filter((one: SignIn) => nowMs - one.atMs <= withinMs)) {
      if (atMs > nowMs) continue;
      signIns += 1;
      tally(told, risk >= before.tell_from, risk >= after.tell_from, said);
      tally(stronger, risk >= before.stronger_from, risk >= after.stronger_from, said);
    }
    for (const { signal, words: said, untilMs } of state.reasons) {
      if (untilMs <= nowMs) continue;
      if (signal === 'session-travel') tally(ended, before.end_when_far_apart, after.end_when_far_apart, [said]);
      if (signal === 'session-other-browser')
        tally(ended, before.end_when_other_browser, after.end_when_other_browser, [said]);
    }
    if (more + fewer > 0)
      affected.push({ id: state.id, name: state.name, more, fewer, words: [...new Set(words)].slice(0, mostWords) });
  }
  const sorted = affected.toSorted((one, other) => other.more + other.fewer - one.more - one.fewer);
  return {
    people,
    signIns,
    told,
    stronger,
    ended,
    affected: sorted.slice(0, mostShown),
    affectedPeople: affected.length,
  };
}
