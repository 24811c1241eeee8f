import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent, LedgerRange, Projection } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import { createClosedFindings } from './closed-findings.ts';
import type { ClosedFinding } from './closed-findings.ts';
import { clearCorrelations, readCorrelations } from './correlation-store.ts';
import { createCorrelations } from './correlations.ts';
import { createCursor } from './cursor.ts';
import type { Detection } from './detection-types.ts';
import { DetectionError } from './errors.ts';
import { createEventEntries } from './event-entries.ts';
import { noExceptions } from './exceptions.ts';
import { createFindingLimit } from './finding-limit.ts';
import { forgetErased } from './forget-erased.ts';
import { createMatchHiding } from './match-hiding.ts';
import { clearMatchCounts, readMatchCounts } from './match-count-store.ts';
import type { RuleRefusal, RuleSet, RuleSource } from './match-protocol.ts';
import { createLogSourceArrivals } from './log-source-arrivals.ts';
import { readLogSources } from './log-source-store.ts';
import type { DetectionNeeds } from './needs.ts';
import { reloadEvent } from './reload-event.ts';
import { createRuleCosts } from './rule-costs.ts';
import { readRuleFiles } from './rule-files.ts';
import { startRuleMatcher } from './rule-matcher.ts';
import { createSavedState } from './saved-state.ts';
import { createStateSeal } from './state-seal.ts';
import { startWindowClock } from './window-clock.ts';
import type { RuleMatcher, RuleMatcherOptions } from './rule-matcher.ts';

type InForce = { readonly matcher: RuleMatcher; readonly hash: string; readonly refusals: readonly RuleRefusal[] };

const eventsPerScan = 256;
const findingsPerAppend = 500;
const defaultFindingsPerHour = 20_000;

/** Loads the rules and offers the projection. Rules that cannot be loaded do not stop the start: scanning then waits, and health says so. */
export async function createDetection(needs: DetectionNeeds): Promise<Detection> {
  const cursor = createCursor(needs.database);
  const correlations = createCorrelations(needs.correlationKey, needs.limits?.correlationGroups);
  const seal = createStateSeal(needs.correlationKey);
  const exceptions = needs.exceptions ?? noExceptions;
  const hiding = createMatchHiding(exceptions);
  const closedFindings = createClosedFindings({ ledger: needs.ledger, fieldsOf: correlations.fieldsOf, hiding });
  const arrivals = createLogSourceArrivals();
  const limit = createFindingLimit(needs.limits?.findingsPerHour ?? defaultFindingsPerHour);
  const counts = { eventsScanned: 0, matches: 0, skipped: 0, erased: 0 };
  const told = createEventEntries({ correlations, limit, counts, hiding });
  let inForce: InForce | undefined;
  let loadError: string | undefined;
  let lastCursor = await cursor.read();
  let pastRestarts = 0;
  let lastReload: Promise<unknown> = Promise.resolve();
  let scanning: Promise<unknown> = Promise.resolve();
  let closing = false;
  const inTurn = createTurns();
  const costs = createRuleCosts(needs);
  const atOnce = needs.limits?.rangesSavedAtOnce;
  const saved = createSavedState({ ...needs, cursor, correlations, seal, limit, arrivals, exceptions, atOnce });

  const openMatcher = (
    sources: readonly RuleSource[],
    limits: DetectionNeeds['limits'] = {},
    live?: Pick<RuleMatcherOptions, 'threads' | 'onCosts'>,
  ): Promise<RuleMatcher> =>
    startRuleMatcher({
      ...live,
      workerUrl: needs.workerUrl ?? new URL('./match-worker.ts', import.meta.url),
      sources,
      every: needs.every,
      eventTimeLimitMs: limits.eventTimeLimitMs ?? needs.limits?.eventTimeLimitMs ?? 10_000,
      loadTimeLimitMs: limits.loadTimeLimitMs ?? needs.limits?.loadTimeLimitMs ?? 120_000,
      memoryLimitMb: needs.limits?.memoryLimitMb ?? 1024,
    });

  async function load(): Promise<void> {
    const files = await readRuleFiles(needs);
    const matcher = await openMatcher(
      files.sources,
      {},
      {
        threads: needs.limits?.matchingThreads ?? defaultThreads(),
        onCosts: costs.add,
      },
    );
    const old = inForce;
    inForce = { matcher, hash: files.hash, refusals: [...files.refusals, ...matcher.refusals] };
    loadError = undefined;
    pastRestarts += old?.matcher.restarts() ?? 0;
    // The scan under way goes on with the rules it began with, what windows that closed say included.
    await scanning.catch(() => undefined);
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
    await hiding.prepare(matcher, events.at(-1)?.receivedAtMs ?? 0);
    correlations.use(matcher.rules);
    arrivals.use(matcher.rules);
    const readable = events.flatMap((event) => (event.body === undefined ? [] : [{ event, body: event.body }]));
    counts.erased += events.length - readable.length;
    let scanned = 0;
    const closed: ClosedFinding[] = [];
    for await (const outcomes of matcher.match(readable.map(({ body }) => body))) {
      const entries: AppendEntry[] = [];
      for (const [ordinal, outcome] of outcomes.entries()) {
        const event = readable[scanned + ordinal]?.event;
        if (event === undefined) continue;
        if (outcome.kind === 'scanned') arrivals.count(outcome.logSource ?? '', event.receivedAtMs);
        for (const lot of told.closedWith(event, outcome, matcher.rules)) {
          closed.push(...lot);
          // A million windows may be over at once: others have their turn in between.
          await setImmediate();
          if (closing) throw stopped();
        }
        entries.push(...told.entriesFor(event, outcome, matcher.rules));
      }
      scanned += outcomes.length;
      await append(entries);
      // A range may take minutes with thousands of rules; an orderly stop does not wait for it.
      if (closing) throw stopped();
    }
    await append(await closedFindings.entriesOf(closed, matcher));
    const last = events.at(-1)?.position;
    if (last !== undefined) lastCursor = { log: last.log, index: last.index + 1 };
  }

  async function append(entries: readonly AppendEntry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += findingsPerAppend) {
      await needs.ledger.append({
        collector: 'detection',
        priority: 'control',
        retention: 'findings',
        entries: entries.slice(at, at + findingsPerAppend),
      });
    }
  }

  function correlationHealth() {
    const { groups, lost, late, ahead } = correlations.health();
    return { correlationGroups: groups, correlationMatchesLost: lost, timeClaimsLate: late, timeClaimsAhead: ahead };
  }

  function troubles() {
    const [exceptionsError, saveError] = [hiding.trouble(), saved.trouble()];
    return {
      ...(exceptionsError === undefined ? {} : { exceptionsError }),
      ...(saveError === undefined ? {} : { saveError }),
    };
  }

  const projection: Projection = {
    name: 'detection',
    load: (head) => inTurn(() => loadFrom(head)),
    apply: (range) => inTurn(() => apply(range)),
  };

  async function loadFrom(head: Position): Promise<{ cursor: Position }> {
    saved.dropped();
    const stored = await cursor.read();
    // Ahead of the log: the control database is newer than the ledger. What comes at those positions was not scanned.
    lastCursor = comparePositions(stored, head) > 0 ? head : stored;
    if (lastCursor !== stored) {
      // What was counted may stand at positions that are no more: it is counted anew.
      await needs.database.transaction().execute(async (transaction) => {
        await clearCorrelations(transaction);
        await clearMatchCounts(transaction);
        await cursor.move(transaction, lastCursor);
      });
    }
    correlations.restore(await readCorrelations(needs.database, seal));
    // At once, not with the next event: their windows may be over before one comes.
    if (inForce !== undefined) correlations.use(inForce.matcher.rules);
    limit.restore(await readMatchCounts(needs.database));
    arrivals.restore(await readLogSources(needs.database));
    await exceptions.restore(lastCursor === stored ? undefined : head);
    saved.restored();
    return { cursor: lastCursor };
  }

  async function apply(range: LedgerRange): Promise<void> {
    saved.begin();
    const before = counts.matches;
    for (let from = 0; from < range.events.length; from += eventsPerScan) {
      const scanned = scan(range.events.slice(from, from + eventsPerScan));
      scanning = scanned;
      await scanned;
    }
    lastCursor = range.to;
    await saved.done({ to: range.to, events: range.events.length, matches: counts.matches - before });
    await costs.flush();
  }

  /** Entries between cursor and head; undefined when they stand in different logs. */
  function lag(): number | undefined {
    const head = needs.ledger.head();
    return head.log === lastCursor.log ? head.index - lastCursor.index : undefined;
  }

  const stopWindowClock = startWindowClock({
    ...needs,
    wouldClose: (receivedAtMs) => !closing && correlations.wouldClose(receivedAtMs),
    isCaughtUp: () => lag() === 0,
  });
  // Should it fail, the next range says so, and memory is read again.
  const stopSaving = needs.every(1000, () => void inTurn(saved.catchUp).catch(cannotSave));
  function cannotSave(error: unknown): void {
    needs.log?.error('Cannot save what detection counted', { reason: messageOf(error) });
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
    // What would be repeated after a crash was found with the rules of before. A long range is not waited for.
    void inTurn(saved.save).catch(cannotSave);
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
    sources: async () => (await readRuleFiles(needs)).sources,
    openMatcher: (sources, limits) => openMatcher(sources, limits),
    ruleCosts: costs.report,
    logSources: () => ({ sources: arrivals.list(), evicted: arrivals.evicted() }),
    forget: (ranges) =>
      inTurn(async () => {
        await saved.save();
        const [rules, isWhole] = [inForce?.matcher.rules, saved.isWhole()];
        try {
          return await forgetErased(ranges, { database: needs.database, seal, correlations, rules, isWhole });
        } catch (error) {
          // It may be forgotten in what is saved and not in memory, and asked again nothing is found there.
          saved.dropped();
          throw error;
        }
      }),
    health() {
      return {
        rulesLoaded: inForce?.matcher.rules.size ?? 0,
        rulesRefused: inForce?.refusals.length ?? 0,
        ruleSetHash: inForce?.hash ?? '',
        ...(loadError === undefined ? {} : { loadError }),
        ...counts,
        ...troubles(),
        hidden: hiding.hidden(),
        ...correlationHealth(),
        findingsHeldBack: limit.heldBack(),
        threadRestarts: pastRestarts + (inForce?.matcher.restarts() ?? 0),
        cursor: lastCursor,
        lag: lag(),
      };
    },
    async close() {
      closing = true;
      stopWindowClock();
      stopSaving();
      await lastReload;
      // What cannot be saved is scanned again at the next start.
      await inTurn(saved.save).catch(cannotSave);
      await costs.flush('now');
      await inForce?.matcher.close();
    },
  };
}

function stopped(): DetectionError {
  return new DetectionError('detection_stopped', 'Cannot finish the range: detection is being closed');
}

/** One core is left to everything else; each thread has all the rules, which is memory. */
function defaultThreads(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1));
}
