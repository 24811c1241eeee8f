import { riskOf } from './risk.ts';
import { isKnown } from './seen.ts';
import type { Seen, SignIn, State } from './state.ts';

export type ShownReason = {
  readonly signal: string;
  readonly words: string;
  /** What it adds now. */
  readonly points: number;
  readonly atMs: number;
  /** It is nothing from then on. */
  readonly untilMs: number;
  readonly session?: string;
};
export type ShownRisk = { readonly value: number; readonly reasons: readonly ShownReason[] };

export type PersonOverview = {
  readonly kind: State['kind'];
  readonly id: string;
  readonly name: string;
  readonly lastSeenMs: number;
  readonly risk: ShownRisk;
  readonly sessions: readonly { readonly id: string; readonly risk: ShownRisk }[];
};

export type PersonRisk = PersonOverview & {
  readonly signIns: readonly SignIn[];
  readonly known: {
    readonly browsers: readonly string[];
    readonly countries: readonly string[];
    readonly networks: readonly string[];
  };
  /** What strangers tried in the last day: no part of the risk. */
  readonly against: { readonly failures: number; readonly sources: number };
};

const dayMs = 86_400_000;

export function overviewOf(state: State, nowMs: number): PersonOverview {
  const { kind, id, name, lastMs, reasons, sessions } = state;
  return {
    kind,
    id,
    name,
    lastSeenMs: lastMs,
    risk: shownRisk(reasons, nowMs),
    sessions: sessions
      .map((one) => ({
        id: one.id,
        risk: shownRisk(
          reasons.filter(({ session }) => session === undefined || session === one.id),
          nowMs,
        ),
      }))
      .filter(({ risk }) => risk.value > 0),
  };
}

export function personOf(state: State, nowMs: number): PersonRisk {
  const { against, browsers, countries, networks, recent } = state;
  const isRecent = nowMs - against.lastMs < dayMs;
  return {
    ...overviewOf(state, nowMs),
    signIns: recent.toReversed(),
    known: {
      browsers: knownOf(browsers, nowMs),
      countries: knownOf(countries, nowMs),
      networks: knownOf(networks, nowMs),
    },
    against: { failures: isRecent ? against.count : 0, sources: isRecent ? against.sources.length : 0 },
  };
}

function shownRisk(reasons: State['reasons'], nowMs: number): ShownRisk {
  const { value, reasons: live } = riskOf(reasons, nowMs);
  return {
    value,
    reasons: live.map(({ signal, words, now, atMs, untilMs, session }) => ({
      signal,
      words,
      points: Math.round(now),
      atMs,
      untilMs,
      ...(session === undefined ? {} : { session }),
    })),
  };
}

function knownOf(list: readonly Seen[], nowMs: number): string[] {
  return list
    .filter(({ value }) => isKnown(list, value, nowMs))
    .toSorted((a, b) => b.lastMs - a.lastMs)
    .map(({ value }) => value);
}
