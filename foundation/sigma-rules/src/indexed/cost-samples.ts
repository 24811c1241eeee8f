/** What rules cost in the events that were measured. Times are milliseconds of the clock given. */
export type MatchingCosts = {
  /** Events matched since the last time, and how many of them were measured. */
  readonly events: number;
  readonly measured: number;
  /** Time in which all rules at once were looked for: no single rule's. */
  readonly sharedMs: number;
  /** Of the measured events; rules that no event woke are left out. */
  readonly rules: readonly {
    readonly position: number;
    readonly ms: number;
    /** How often it was evaluated because a witness of it was seen. */
    readonly candidates: number;
    readonly matches: number;
  }[];
};

export type CostSamples = {
  /** Counts an event; true: it is to be measured. */
  begin(): boolean;
  shared(ms: number): void;
  rule(position: number, ms: number, isMatch: boolean): void;
  /** What was measured since the last time. */
  take(): MatchingCosts;
};

/** A prime: what recurs every so many events is measured in its turn all the same. */
const every = 61;

export function createCostSamples(rules: number): CostSamples {
  const spent = new Float64Array(rules);
  const candidates = new Uint32Array(rules);
  const matches = new Uint32Array(rules);
  let events = 0;
  let measured = 0;
  let sharedMs = 0;
  let countdown = every;

  return {
    begin() {
      events += 1;
      countdown -= 1;
      if (countdown > 0) return false;
      countdown = every;
      measured += 1;
      return true;
    },
    shared(ms) {
      sharedMs += ms;
    },
    rule(position, ms, isMatch) {
      spent[position] = (spent[position] ?? 0) + ms;
      candidates[position] = (candidates[position] ?? 0) + 1;
      if (isMatch) matches[position] = (matches[position] ?? 0) + 1;
    },
    take() {
      const found: MatchingCosts['rules'][number][] = [];
      for (let position = 0; position < rules; position += 1) {
        const count = candidates[position] ?? 0;
        if (count > 0)
          found.push({ position, ms: spent[position] ?? 0, candidates: count, matches: matches[position] ?? 0 });
      }
      const taken = { events, measured, sharedMs, rules: found };
      spent.fill(0);
      candidates.fill(0);
      matches.fill(0);
      events = 0;
      measured = 0;
      sharedMs = 0;
      return taken;
    },
  };
}
