import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { CorrelationDefinition } from './match-protocol.ts';

/** One match that counts. Holds nothing an event said: `value` is a keyed hash. */
export type CountedMatch = {
  readonly position: Position;
  readonly receivedAtMs: number;
  readonly ruleId: string;
  readonly value: string;
};

/** What is known of one group of one correlation. */
export type GroupState = {
  readonly correlationId: string;
  readonly fingerprint: string;
  /** A keyed hash of the values the group stands for. */
  readonly group: string;
  /** In order. */
  readonly matches: readonly CountedMatch[];
  /** Ledger time of the event with which it last matched. */
  readonly firedAtMs: number | undefined;
};

export type Correlator = {
  /** Forgets what is in memory and takes over what was saved. */
  restore(groups: readonly GroupState[]): void;
  /** Which correlations are in force. What was counted for others, or for another definition, is dropped. */
  use(correlations: ReadonlyMap<string, CorrelationDefinition>): void;
  /**
   * Counts a match; matches come in the order of their positions. Answers the events the correlation rests on, in order and the
   * given one among them, when it matches now: at most once a timespan for each group.
   */
  count(correlationId: string, group: string, match: CountedMatch): readonly Position[] | undefined;
  /** What changed since the last call, to be saved: groups to write and groups that are no more. */
  takeChanges(): { readonly changed: readonly GroupState[]; readonly removed: readonly GroupName[] };
  groups(): number;
  /** Matches forgotten before their time, for want of room. */
  lost(): number;
};

export type GroupName = Pick<GroupState, 'correlationId' | 'group'>;

const defaultLimits = {
  /** Matches kept for one correlation in all its groups. */
  matchesPerCorrelation: 20_000,
  /** Matches kept for all correlations; each has an equal share. */
  matches: 200_000,
  /** Matches kept for one group of `temporal_ordered`, whose order older ones may still decide. */
  orderedMatchesPerGroup: 128,
};

type Counting = {
  readonly definition: CorrelationDefinition;
  readonly groups: Map<string, GroupState>;
  matches: number;
};

/**
 * Counts matches in sliding windows of ledger time. What is kept is bounded: where room is wanted, the groups with the fewest
 * matches go first, of these the longest untouched, so that a flood of groups of one match each displaces itself and
 * not a group that is near its number.
 */
export function createCorrelator(limits: typeof defaultLimits = defaultLimits): Correlator {
  const countings = new Map<string, Counting>();
  let waiting: readonly GroupState[] = [];
  let dirty = new Map<string, GroupName>();
  let lost = 0;

  function touch(correlationId: string, group: string): void {
    dirty.set(`${correlationId}\n${group}`, { correlationId, group });
  }

  function remove(counting: Counting, state: GroupState): void {
    counting.groups.delete(state.group);
    counting.matches -= state.matches.length;
    touch(state.correlationId, state.group);
  }

  /** Groups lie in the order of their last match. */
  function dropExpired(counting: Counting, fromMs: number): void {
    for (const state of counting.groups.values()) {
      if ((state.matches.at(-1)?.receivedAtMs ?? 0) >= fromMs) return;
      remove(counting, state);
    }
  }

  function makeRoom(counting: Counting, kept: string): void {
    const share = Math.max(100, Math.floor(limits.matches / Math.max(1, countings.size)));
    const limit = Math.min(limits.matchesPerCorrelation, share);
    if (counting.matches <= limit) return;
    // Stable: among groups of one size the longest untouched come first. A tenth at once, so that it is rarely done.
    const smallest = [...counting.groups.values()].toSorted((a, b) => a.matches.length - b.matches.length);
    for (const state of smallest) {
      if (counting.matches <= limit * 0.9) return;
      if (state.group === kept) continue;
      remove(counting, state);
      lost += state.matches.length;
    }
  }

  return {
    restore(groups) {
      countings.clear();
      dirty = new Map();
      waiting = groups;
    },
    use(correlations) {
      for (const [id, counting] of countings) {
        if (correlations.get(id)?.fingerprint === counting.definition.fingerprint) continue;
        for (const state of counting.groups.values()) touch(id, state.group);
        countings.delete(id);
      }
      for (const [id, definition] of correlations) {
        if (!countings.has(id)) countings.set(id, { definition, groups: new Map(), matches: 0 });
      }
      for (const state of waiting) {
        const counting = countings.get(state.correlationId);
        if (counting === undefined || counting.definition.fingerprint !== state.fingerprint) {
          touch(state.correlationId, state.group);
          continue;
        }
        counting.groups.set(state.group, state);
        counting.matches += state.matches.length;
      }
      waiting = [];
    },
    count(correlationId, group, match) {
      const counting = countings.get(correlationId);
      if (counting === undefined) return undefined;
      const { definition, groups } = counting;
      const fromMs = match.receivedAtMs - definition.timespanMs;
      dropExpired(counting, fromMs);
      const before = groups.get(group);
      const current = (before?.matches ?? []).filter(({ receivedAtMs }) => receivedAtMs >= fromMs);
      const matches = withMatch(definition, current, match);
      if (definition.type === 'temporal_ordered' && matches.length > limits.orderedMatchesPerGroup) {
        lost += matches.splice(0, matches.length - limits.orderedMatchesPerGroup).length;
      }
      const basis = basisOf(definition, matches, match);
      const firedAtMs = before?.firedAtMs;
      const fires =
        basis !== undefined && (firedAtMs === undefined || match.receivedAtMs - firedAtMs > definition.timespanMs);
      groups.delete(group);
      groups.set(group, {
        correlationId,
        fingerprint: definition.fingerprint,
        group,
        matches,
        firedAtMs: fires ? match.receivedAtMs : firedAtMs,
      });
      counting.matches += matches.length - (before?.matches.length ?? 0);
      touch(correlationId, group);
      makeRoom(counting, group);
      return fires ? basis : undefined;
    },
    takeChanges() {
      const changed: GroupState[] = [];
      const removed: GroupName[] = [];
      for (const name of dirty.values()) {
        const state = countings.get(name.correlationId)?.groups.get(name.group);
        if (state === undefined) removed.push(name);
        else changed.push(state);
      }
      dirty = new Map();
      return { changed, removed };
    },
    groups: () => countings.values().reduce((sum, { groups }) => sum + groups.size, 0),
    lost: () => lost,
  };
}

/** The matches to keep: as many of the newest as can still decide. */
function withMatch(
  { type, atLeast }: CorrelationDefinition,
  matches: readonly CountedMatch[],
  match: CountedMatch,
): CountedMatch[] {
  switch (type) {
    case 'event_count': {
      const isCounted = matches.some(({ position }) => comparePositions(position, match.position) === 0);
      return isCounted ? [...matches] : [...matches, match].slice(-atLeast);
    }
    case 'value_count':
      return [...matches.filter(({ value }) => value !== match.value), match].slice(-atLeast);
    case 'temporal':
      return [...matches.filter(({ ruleId }) => ruleId !== match.ruleId), match];
    case 'temporal_ordered':
      return [...matches, match];
  }
}

/** The events that fulfil the condition, `newest` among them; undefined when it does not hold. */
function basisOf(
  definition: CorrelationDefinition,
  matches: readonly CountedMatch[],
  newest: CountedMatch,
): readonly Position[] | undefined {
  if (definition.type !== 'temporal_ordered') {
    return matches.length < definition.atLeast ? undefined : distinct(matches.map(({ position }) => position));
  }
  if (definition.ruleIds.at(-1) !== newest.ruleId) return undefined;
  // Backwards from the newest match: for each rule the latest event before the one of the rule after it.
  const chain: Position[] = [];
  let before: Position | undefined;
  for (const ruleId of definition.ruleIds.toReversed()) {
    const found = matches.findLast(
      (match) => match.ruleId === ruleId && (before === undefined || comparePositions(match.position, before) < 0),
    );
    if (found === undefined) return undefined;
    before = found.position;
    chain.unshift(found.position);
  }
  return chain;
}

function distinct(positions: readonly Position[]): Position[] {
  return positions.filter(
    (position, index) => index === 0 || comparePositions(position, positions[index - 1] ?? position) !== 0,
  );
}
