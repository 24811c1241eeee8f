import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { ScannedRow } from '@sallyport/event-search';
import type { CorrelationResults } from './correlation-results.ts';
import { correlate, countedEvent, type CountedEvent } from './hunt-correlations.ts';
import { filterOf } from './hunt-filter.ts';
import { huntLimits, isOver, totalOf, type Hunt, type HuntMatch, type HuntState } from './hunt.ts';
import { readParts } from './hunt-steps.ts';
import type { HuntStore } from './hunt-store.ts';
import type { HuntingNeeds, HuntMatcher } from './needs.ts';
import { planInThread } from './plan-thread.ts';

export type HuntRunner = {
  /** There is something to do. */
  wake(): void;
  /** Ends the part under way without its result; what was committed stays, and goes on after the next start. */
  close(): Promise<void>;
};

type RunnerNeeds = HuntingNeeds & {
  readonly store: HuntStore;
  readonly correlations: CorrelationResults;
  /** Ends a hunt and records that it ended. */
  readonly finish: (hunt: Hunt, state: HuntState, reason?: string) => Promise<void>;
};

const turnMs = 20_000;
const retryMs = 2000;
const behindMs = 500;
/** Of the time a part took, how long nothing is done after it: live work gets that much of the machine back. */
const restShare = 0.25;
const maxFaults = 5;

/**
 * Carries hunts out one after another in turns, the oldest first. Parts are read (the store gives way to searches), evaluated in a thread by
 * the rules as live detection does, and committed with the place where the next one begins.
 */
export function createHuntRunner(needs: RunnerNeeds): HuntRunner {
  const stop = new AbortController();
  const { store, clock } = needs;
  let awake = Promise.withResolvers<void>();
  let turn = 0;

  async function wait(hunt: Hunt, reason: string, ms: number): Promise<void> {
    await store.setState(hunt.id, 'waiting', reason);
    await needs.delay(ms, stop.signal);
  }

  /** Whether the hunt is still to be carried out. */
  async function isWanted(id: string): Promise<boolean> {
    const hunt = await store.get(id);
    return !stop.signal.aborted && hunt !== undefined && !isOver(hunt.state);
  }

  /** Rights may be withdrawn while a hunt is under way: it then ends with what it found. */
  async function mayGoOn(hunt: Hunt): Promise<boolean> {
    if (needs.scopesOf === undefined) return true;
    const scopes = new Set(await needs.scopesOf(hunt.owner, hunt.heldForNow));
    const lacks = ['hunts:run', ...(hunt.seesAudit ? ['audit:read'] : [])].find((scope) => !scopes.has(scope));
    if (lacks === undefined) return true;
    await needs.finish(hunt, 'failed', `who started it has no right to go on (${lacks})`);
    return false;
  }

  async function takeTurn(hunt: Hunt, isAlone: () => Promise<boolean>): Promise<void> {
    const sources = await store.sources(hunt.id);
    const ids = (await store.rules(hunt.id)).map(({ id }) => id);
    const plan = await (needs.plan ?? planInThread)(sources, { ids });
    const asked = new Set(ids);
    const matcher = await needs.rules.open(plan.sources);
    try {
      // A rule file that the thread did not live through, or a rule it refused, would pass for one that matches nothing.
      const unloaded = ids.filter((id) => !matcher.rules.has(id)).length;
      if (unloaded === ids.length) return await needs.finish(hunt, 'failed', 'detection cannot load any of its rules');
      await store.setState(hunt.id, 'running');
      const endMs = clock.monotonicMs() + turnMs;
      let busySinceMs = clock.monotonicMs();
      let from = hunt.at;
      needs.correlations.beginReading();
      const parts = readParts({
        rows: needs.rows,
        filter: filterOf(hunt),
        ranges: hunt.ranges,
        from: hunt.at,
        wanted: plan.needs,
        monotonicMs: () => clock.monotonicMs(),
      });
      for await (const part of parts) {
        if (!(await isWanted(hunt.id))) return;
        if (!(await mayGoOn(hunt))) return;
        const { matches, counted, unscannable } = await evaluate(part.rows, asked, matcher);
        const busyMs = Math.round(clock.monotonicMs() - busySinceMs);
        // While the store is filled again a part lacks events: it is read once more afterwards.
        if (stop.signal.aborted || (await needs.rows.rebuilding()) !== undefined) return;
        const isTaken = await store.step(hunt.id, {
          from,
          at: part.next,
          lookedAt: part.lookedAt,
          bytes: part.bytes,
          candidates: part.rows.length,
          unscannable: unscannable + part.skipped,
          busyMs,
          matches,
          counted,
        });
        // Another server on this database was quicker: its place counts.
        if (!isTaken) return;
        await needs.correlations.settle(hunt.id);
        from = part.next;
        await needs.delay(Math.min(1000, Math.round(busyMs * restShare)), stop.signal);
        if (needs.mayRun?.() === false) return;
        if (clock.monotonicMs() > endMs && !(await isAlone())) return;
        busySinceMs = clock.monotonicMs();
      }
      const last = await store.get(hunt.id);
      if (last === undefined || !(await isWanted(hunt.id))) return;
      if (!(await mayGoOn(hunt))) return;
      const definitions = new Map(
        ids.flatMap((id) => {
          const definition = matcher.rules.get(id)?.correlation;
          return definition === undefined ? [] : [[id, definition] as const];
        }),
      );
      if (definitions.size > 0) {
        const found = await correlate(await needs.correlations.counted(hunt.id), definitions, stop.signal);
        if (found === undefined || !(await isWanted(hunt.id))) return;
        await needs.correlations.put(hunt.id, found);
        await needs.correlations.settle(hunt.id);
      }
      await needs.finish(hunt, 'done', shortcomings(unloaded, totalOf(last).rows - last.lookedAt, last.uncounted));
    } finally {
      await matcher.close();
    }
  }

  async function evaluate(
    rows: readonly ScannedRow[],
    asked: ReadonlySet<string>,
    matcher: HuntMatcher,
  ): Promise<{ matches: HuntMatch[]; counted: CountedEvent[]; unscannable: number }> {
    const matches: HuntMatch[] = [];
    const counted: CountedEvent[] = [];
    let unscannable = 0;
    let done = 0;
    if (rows.length === 0) return { matches, counted, unscannable };
    for await (const outcomes of matcher.match(rows.map(({ body }) => Buffer.from(body)))) {
      for (const outcome of outcomes) {
        const row = rows[done];
        done += 1;
        if (row === undefined || outcome.kind === 'own') continue;
        if (outcome.kind === 'unscannable' || outcome.truncated) unscannable += 1;
        if (outcome.kind === 'unscannable') continue;
        for (const { ruleId } of outcome.matches)
          if (asked.has(ruleId)) matches.push({ ruleId, position: row.position, receivedMs: row.receivedAtMs });
        const one = countedEvent(row, outcome, asked);
        if (one !== undefined) counted.push(one);
      }
      if (stop.signal.aborted) break;
    }
    return { matches, counted, unscannable };
  }

  const faults = new Map<string, number>();

  async function carryOut(hunt: Hunt, isAlone: () => Promise<boolean>): Promise<void> {
    try {
      if (needs.mayRun?.() === false) return await wait(hunt, 'live detection is behind and comes first', behindMs);
      if ((await needs.rows.rebuilding()) !== undefined)
        return await wait(hunt, 'search is being filled again', retryMs);
      await takeTurn(hunt, isAlone);
      faults.delete(hunt.id);
    } catch (error) {
      if (stop.signal.aborted) return;
      const code = codeOf(error) ?? 'internal';
      needs.log('A hunt was held up', { hunt: hunt.id, code });
      if (code === 'store_unavailable' || code === 'store_busy') return wait(hunt, messageOf(error), retryMs);
      const times = (faults.get(hunt.id) ?? 0) + 1;
      faults.set(hunt.id, times);
      if (times < maxFaults) return wait(hunt, `held up by a fault (${code})`, retryMs);
      faults.delete(hunt.id);
      await needs.finish(hunt, 'failed', `it was held up ${times} times (${code})`);
    }
  }

  const unended = async (): Promise<Hunt[]> => (await store.list()).filter(({ state }) => !isOver(state)).toReversed();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const woken = awake.promise;
      const open = await unended();
      if (open.length === 0) {
        await woken;
        awake = Promise.withResolvers<void>();
        continue;
      }
      const hunt = open[turn % open.length];
      turn += 1;
      if (hunt !== undefined) await carryOut(hunt, async () => (await unended()).length <= 1);
    }
  }

  /** Where even the control database cannot be written, as on a full disk, hunts go on when it can be again. */
  async function runOn(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await run();
      } catch (error) {
        needs.log('Hunting was held up', { code: codeOf(error) ?? 'internal' });
        await needs.delay(retryMs, stop.signal);
      }
    }
  }

  const running = runOn();
  return {
    wake: () => awake.resolve(),
    async close() {
      stop.abort();
      awake.resolve();
      await running;
    },
  };
}

/** What an end that looks whole leaves out. */
function shortcomings(unloaded: number, missing: number, uncounted: number): string | undefined {
  const said = [
    ...(unloaded > 0 ? [`${unloaded} of its rules could not be loaded and were not evaluated`] : []),
    ...(uncounted > 0 ? [`correlations counted ${huntLimits.countedEvents} events and not ${uncounted} more`] : []),
    ...(missing > 0
      ? [`${missing} events of its start were not in the store any more: erased, expired, or being filled in again`]
      : []),
  ];
  return said.length === 0 ? undefined : said.join('; ');
}
