import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent, LedgerRange, Projection } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import { matchEntry, skippedEntry, skippedRuleId } from './build-finding.ts';
import { clearGroups, readGroups, saveGroups } from './correlation-store.ts';
import { withoutErased } from './erased-matches.ts';
import type { ErasedRange } from './erased-matches.ts';
import { createCorrelations } from './correlations.ts';
import { createCursor } from './cursor.ts';
import { DetectionError } from './errors.ts';
import { createFindingLimit } from './finding-limit.ts';
import { clearMatchCounts, readMatchCounts, saveMatchCounts } from './match-count-store.ts';
import type { EventOutcome, RuleRefusal, RuleSet, RuleSummary } from './match-protocol.ts';
import type { DetectionNeeds } from './needs.ts';
import { reloadEvent } from './reload-event.ts';
import { readRuleDirectories } from './rule-directory.ts';
import { startRuleMatcher } from './rule-matcher.ts';
import type { RuleMatcher } from './rule-matcher.ts';

/** Counts are since the process started; a range applied again after a failure counts again. */
export type DetectionHealth = {
  readonly rulesLoaded: number;
  readonly rulesRefused: number;
  readonly ruleSetHash: string;
  /** Why there are no rules in force; scanning waits. */
  readonly loadError?: string;
  readonly eventsScanned: number;
  readonly matches: number;
  /** Events not scanned, or not in full, each told by a finding of its own. */
  readonly skipped: number;
  /** Events whose key was destroyed before they were scanned. */
  readonly erased: number;
  readonly threadRestarts: number;
  /** Groups of correlations that are being counted. */
  readonly correlationGroups: number;
  /** Matches a correlation forgot before their time, for want of room. */
  readonly correlationMatchesLost: number;
  /** Matches of noisy rules that got no finding of their own. */
  readonly findingsHeldBack: number;
  /** Findings of everything before it are in the ledger. */
  readonly cursor: Position;
  /** Entries between cursor and head, block entries included; undefined when they stand in different logs. */
  readonly lag: number | undefined;
};

export type Detection = {
  /** Findings of everything before its cursor are in the ledger, each exactly once. */
  readonly projection: Projection;
  ruleSet(): RuleSet;
  /** Throws `DetectionError` `rule_unknown`. */
  rule(id: string): RuleSummary;
  /**
   * Puts what the directories hold now into force, without a gap: the old rules match until the new ones are loaded.
   * Leaves an audit event, durable before this resolves. Throws `rules_unloadable`; the old rules then stay in force.
   */
  reload(actor: Principal): Promise<RuleSet>;
  /** Takes matches of events that were erased out of what correlations count; says how many. */
  forget(ranges: readonly ErasedRange[]): Promise<number>;
  health(): DetectionHealth;
  /** Gives up the range being applied (it is repeated after the next start) and ends the thread. Call it before stopping the runner. */
  close(): Promise<void>;
};

type InForce = { readonly matcher: RuleMatcher; readonly hash: string; readonly refusals: readonly RuleRefusal[] };

const eventsPerScan = 256;
const findingsPerAppend = 500;
const defaultFindingsPerHour = 20_000;

/** Loads the rules and offers the projection. Rules that cannot be loaded do not stop the start: scanning then waits, and health says so. */
export async function createDetection(needs: DetectionNeeds): Promise<Detection> {
  const cursor = createCursor(needs.database);
  const correlations = createCorrelations(needs.correlationKey);
  const limit = createFindingLimit(needs.limits?.findingsPerHour ?? defaultFindingsPerHour);
  const counts = { eventsScanned: 0, matches: 0, skipped: 0, erased: 0 };
  let inForce: InForce | undefined;
  let loadError: string | undefined;
  let lastCursor = await cursor.read();
  let pastRestarts = 0;
  let lastReload: Promise<unknown> = Promise.resolve();
  let closing = false;
  const inTurn = createTurns();

  async function load(): Promise<void> {
    const files = await readRuleDirectories(needs.ruleDirectories);
    const matcher = await startRuleMatcher({
      workerUrl: needs.workerUrl ?? new URL('./match-worker.ts', import.meta.url),
      sources: files.sources,
      every: needs.every,
      eventTimeLimitMs: needs.limits?.eventTimeLimitMs ?? 10_000,
      loadTimeLimitMs: needs.limits?.loadTimeLimitMs ?? 120_000,
      memoryLimitMb: needs.limits?.memoryLimitMb ?? 1024,
    });
    const old = inForce;
    inForce = { matcher, hash: files.hash, refusals: [...files.refusals, ...matcher.refusals] };
    loadError = undefined;
    pastRestarts += old?.matcher.restarts() ?? 0;
    await old?.matcher.close();
  }

  try {
    await load();
  } catch (error) {
    if (!(error instanceof DetectionError)) throw error;
    loadError = error.message;
  }

  async function scan(events: readonly LedgerEvent[]): Promise<void> {
    if (closing) throw new DetectionError('detection_stopped', 'Cannot scan events: detection is being closed');
    const matcher = inForce?.matcher;
    if (matcher === undefined) {
      throw new DetectionError('rules_unloadable', loadError ?? 'Cannot scan events: no rules are loaded');
    }
    correlations.use(matcher.rules);
    const readable = events.flatMap((event) => (event.body === undefined ? [] : [{ event, body: event.body }]));
    counts.erased += events.length - readable.length;
    let scanned = 0;
    for await (const outcomes of matcher.match(readable.map(({ body }) => body))) {
      const entries = outcomes.flatMap((outcome, ordinal) => {
        const event = readable[scanned + ordinal]?.event;
        return event === undefined ? [] : entriesFor(event, outcome, matcher.rules);
      });
      scanned += outcomes.length;
      for (let at = 0; at < entries.length; at += findingsPerAppend) {
        await needs.ledger.append({
          collector: 'detection',
          priority: 'control',
          retention: 'findings',
          entries: entries.slice(at, at + findingsPerAppend),
        });
      }
      // A range may take minutes with thousands of rules; an orderly stop does not wait for it.
      if (closing) throw new DetectionError('detection_stopped', 'Cannot finish the range: detection is being closed');
    }
    const last = events.at(-1)?.position;
    if (last !== undefined) lastCursor = { log: last.log, index: last.index + 1 };
  }

  function entriesFor(event: LedgerEvent, outcome: EventOutcome, rules: RuleMatcher['rules']): AppendEntry[] {
    switch (outcome.kind) {
      case 'own':
        return [];
      case 'unscannable':
        counts.skipped += 1;
        return skipped(event, outcome.reason);
      case 'scanned': {
        counts.eventsScanned += 1;
        counts.matches += outcome.matches.length;
        const entries = outcome.matches.flatMap((match) => {
          const told = (id: string): RuleSummary | undefined => toldAs(event, ruleNamed(id, rules));
          const correlated = correlations.count(event, outcome, match, told);
          const rule = ruleNamed(match.ruleId, rules).generates ? told(match.ruleId) : undefined;
          return rule === undefined ? correlated : [matchEntry(event, outcome, match, rule), ...correlated];
        });
        if (!outcome.truncated) return entries;
        counts.skipped += 1;
        return [...skipped(event, 'it has more fields, deeper or longer named ones, than rules are shown'), ...entries];
      }
    }
  }

  /** The rule as a finding of this match shows it; undefined when the match gets none. */
  function toldAs(event: LedgerEvent, rule: RuleSummary): RuleSummary | undefined {
    const admission = limit.admit(rule.id, event.receivedAtMs);
    if (admission.kind === 'held back') return undefined;
    if (admission.kind === 'told') return rule;
    const since = new Date(admission.windowStartMs).toISOString();
    const note = `${admission.matches} matches since ${since}: those between are not told one by one. `;
    return { ...rule, description: `${note}${rule.description ?? ''}` };
  }

  function skipped(event: LedgerEvent, reason: string): AppendEntry[] {
    const admission = limit.admit(skippedRuleId, event.receivedAtMs);
    if (admission.kind === 'held back') return [];
    const note = admission.kind === 'sample' ? ` (one of ${admission.matches} in this hour)` : '';
    return [skippedEntry(event, `${reason}${note}`)];
  }

  const projection: Projection = {
    name: 'detection',
    load: (head) => inTurn(() => loadFrom(head)),
    apply: (range) => inTurn(() => apply(range)),
  };

  async function loadFrom(head: Position): Promise<{ cursor: Position }> {
    const stored = await cursor.read();
    // Ahead of the log: the control database is newer than the ledger. What comes at those positions was not scanned.
    lastCursor = comparePositions(stored, head) > 0 ? head : stored;
    if (lastCursor !== stored) {
      // What was counted may stand at positions that are no more: it is counted anew.
      await needs.database.transaction().execute(async (transaction) => {
        await clearGroups(transaction);
        await clearMatchCounts(transaction);
        await cursor.write(transaction, lastCursor);
      });
    }
    correlations.restore(await readGroups(needs.database));
    limit.restore(await readMatchCounts(needs.database));
    return { cursor: lastCursor };
  }

  async function apply(range: LedgerRange): Promise<void> {
    for (let from = 0; from < range.events.length; from += eventsPerScan) {
      await scan(range.events.slice(from, from + eventsPerScan));
    }
    // Counts and cursor are one state: after a crash both are as they were, and the same findings are made again.
    const changes = correlations.takeChanges();
    const matchCounts = limit.takeChanges();
    await needs.database.transaction().execute(async (transaction) => {
      await saveGroups(transaction, changes);
      await saveMatchCounts(transaction, matchCounts);
      await cursor.write(transaction, range.to);
    });
    lastCursor = range.to;
  }

  async function forget(ranges: readonly ErasedRange[]): Promise<number> {
    const { changed, removed, matches } = withoutErased(await readGroups(needs.database), ranges);
    if (matches === 0) return 0;
    await needs.database.transaction().execute((transaction) => saveGroups(transaction, { changed, removed }));
    // Between two ranges memory and table are the same.
    correlations.restore(await readGroups(needs.database));
    return matches;
  }

  function ruleSet(): RuleSet {
    return {
      hash: inForce?.hash ?? '',
      rules: [...(inForce?.matcher.rules.values() ?? [])],
      refusals: inForce?.refusals ?? [],
    };
  }

  async function reload(actor: Principal): Promise<RuleSet> {
    const failure = await load().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new TypeError(messageOf(error))),
    );
    const set = ruleSet();
    const code = failure === undefined ? undefined : (codeOf(failure) ?? 'internal');
    const event = reloadEvent({ nowMs: needs.clock.nowMs(), actor, set, failure: code });
    await needs.database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
    await needs.outbox.flushed();
    if (failure !== undefined) throw failure;
    return set;
  }

  return {
    projection,
    ruleSet,
    rule(id) {
      const found = inForce?.matcher.rules.get(id);
      if (found === undefined) throw new DetectionError('rule_unknown', `Cannot find rule "${id}": it is not loaded`);
      return found;
    },
    reload(actor) {
      const next = lastReload.then(() => reload(actor));
      lastReload = next.catch(() => undefined);
      return next;
    },
    forget: (ranges) => inTurn(() => forget(ranges)),
    health() {
      const head = needs.ledger.head();
      return {
        rulesLoaded: inForce?.matcher.rules.size ?? 0,
        rulesRefused: inForce?.refusals.length ?? 0,
        ruleSetHash: inForce?.hash ?? '',
        ...(loadError === undefined ? {} : { loadError }),
        ...counts,
        correlationGroups: correlations.groups(),
        correlationMatchesLost: correlations.lost(),
        findingsHeldBack: limit.heldBack(),
        threadRestarts: pastRestarts + (inForce?.matcher.restarts() ?? 0),
        cursor: lastCursor,
        lag: head.log === lastCursor.log ? head.index - lastCursor.index : undefined,
      };
    },
    async close() {
      closing = true;
      await lastReload;
      await inForce?.matcher.close();
    },
  };
}

function ruleNamed(id: string, rules: RuleMatcher['rules']): RuleSummary {
  const rule = rules.get(id);
  if (rule === undefined) throw new TypeError(`match of rule "${id}", which is not loaded`);
  return rule;
}
