/** How often a rule matched in one window of ledger time. */
export type MatchCount = { readonly ruleId: string; readonly windowStartMs: number; readonly matches: number };

/** Whether a match gets a finding of its own; `sample`: it stands for those before it, of which `matches` came in all. */
export type Admission =
  | { readonly kind: 'told' }
  | { readonly kind: 'held back' }
  | { readonly kind: 'sample'; readonly matches: number; readonly windowStartMs: number };

export type FindingLimit = {
  /** Forgets what is in memory and takes over what was saved. */
  restore(counts: readonly MatchCount[]): void;
  /** Counts a match; matches come in the order of their positions. */
  admit(ruleId: string, receivedAtMs: number): Admission;
  /** What changed since the last call, to be saved with the cursor. */
  takeChanges(): readonly MatchCount[];
  heldBack(): number;
};

const windowMs = 3_600_000;

/**
 * Bounds what one noisy rule can bring into the ledger and before people: in each hour of ledger time its first matches are told
 * one by one, and beyond them only every tenth, hundredth, thousandth… of their number, as a finding that says how many there
 * were. Depends on the matches and what was saved alone, so that a range applied again gives the same findings.
 */
export function createFindingLimit(findingsPerHour: number): FindingLimit {
  const counts = new Map<string, MatchCount>();
  let changed = new Set<string>();
  let heldBack = 0;

  return {
    restore(saved) {
      counts.clear();
      changed = new Set();
      for (const count of saved) counts.set(count.ruleId, count);
    },
    admit(ruleId, receivedAtMs) {
      const windowStartMs = Math.floor(receivedAtMs / windowMs) * windowMs;
      const before = counts.get(ruleId);
      const matches = before?.windowStartMs === windowStartMs ? before.matches + 1 : 1;
      counts.set(ruleId, { ruleId, windowStartMs, matches });
      changed.add(ruleId);
      if (matches <= findingsPerHour) return { kind: 'told' };
      if (isTenfold(matches, findingsPerHour)) return { kind: 'sample', matches, windowStartMs };
      heldBack += 1;
      return { kind: 'held back' };
    },
    takeChanges() {
      const taken = [...changed].flatMap((ruleId) => counts.get(ruleId) ?? []);
      changed = new Set();
      return taken;
    },
    heldBack: () => heldBack,
  };
}

/** The first over the limit, and every tenfold of the limit. */
function isTenfold(matches: number, limit: number): boolean {
  if (matches === limit + 1) return true;
  let times = matches;
  while (times % 10 === 0 && times > limit) times /= 10;
  return times === limit;
}
