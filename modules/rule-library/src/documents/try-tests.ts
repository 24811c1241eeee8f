import { randomBytes } from 'node:crypto';
import { createCorrelations } from '@sallyport/detection';
import type { Detection, EventOutcome, RuleSource } from '@sallyport/detection';
import { closedBy } from './closed-windows.ts';
import type { RuleTest } from './document.ts';
import { bodyOf } from './test-event.ts';

/** What a test came to. */
export type TestResult = {
  readonly name: string;
  readonly expect: RuleTest['expect'];
  readonly passed: boolean;
  /** What matched, with the fields that made it. */
  readonly matched: readonly {
    readonly ruleId: string;
    readonly title: string;
    readonly fields: readonly { readonly field: string; readonly value: string }[];
  }[];
  /** Why it failed, for people. */
  readonly reason?: string;
};

type Matcher = Awaited<ReturnType<Detection['openMatcher']>>;
type Match = TestResult['matched'][number];
type Scanned = Extract<EventOutcome, { kind: 'scanned' }>;

/** Far smaller than in force: somebody waits for the answer. */
const limits = { eventTimeLimitMs: 5000, loadTimeLimitMs: 30_000 } as const;
/** All tests together; looked at between so many events. */
const allTestsMs = 30_000;
const eventsAtOnce = 5;
const startMs = Date.UTC(2026, 0, 1);
const longAfterMs = 10 * 366 * 86_400_000;

/**
 * Evaluates the tests as detection would, in its own matcher. `document` comes first of the sources; only its rules count. The matcher is limited
 * in time; after an event that it could not get through the tests behind are not tried.
 */
export async function tryTests(
  { detection, nowMs }: { readonly detection: Pick<Detection, 'openMatcher'>; readonly nowMs: () => number },
  document: RuleSource,
  context: readonly RuleSource[],
  tests: readonly RuleTest[],
): Promise<readonly TestResult[]> {
  if (tests.length === 0) return [];
  const matcher = await detection.openMatcher([document, ...context], limits);
  try {
    const results: TestResult[] = [];
    const untilMs = nowMs() + allTestsMs;
    const isLate = (): boolean => nowMs() > untilMs;
    let isStuck = false;
    for (const test of tests) {
      const { name, expect } = test;
      if (isStuck) {
        results.push({
          name,
          expect,
          passed: false,
          matched: [],
          reason: 'not tried: an event before it took too long',
        });
        continue;
      }
      const result = await tryTest(matcher, document.file, test, isLate);
      isStuck = result.isStuck;
      results.push(result.result);
    }
    return results;
  } finally {
    await matcher.close();
  }
}

async function tryTest(
  matcher: Matcher,
  file: string,
  test: RuleTest,
  isLate: () => boolean,
): Promise<{ result: TestResult; isStuck: boolean }> {
  const { name, expect } = test;
  const events = test.events ?? [{ afterSeconds: 0, event: test.event ?? {} }];
  const outcomes: EventOutcome[] = [];
  const failed = (reason: string) => ({
    result: { name, expect, passed: false, matched: [], reason },
    isStuck: true,
  });
  for (let from = 0; from < events.length; from += eventsAtOnce) {
    if (isLate()) return failed(`the tests took over ${allTestsMs / 1000} seconds`);
    const bodies = events.slice(from, from + eventsAtOnce).map(({ event }) => bodyOf(event));
    for await (const lot of matcher.match(bodies)) outcomes.push(...lot);
  }
  const unread = outcomes.find((outcome) => outcome.kind === 'unscannable');
  if (unread?.kind === 'unscannable') return failed(unread.reason);
  const own = [...matcher.rules.values()].filter((rule) => rule.file === file);
  const counts = test.events === undefined ? [] : own.filter(({ correlation }) => correlation !== undefined);
  const meant = new Set((counts.length > 0 ? counts : own).map(({ id }) => id));
  const found =
    counts.length > 0
      ? correlated(
          matcher,
          outcomes,
          events.map(({ afterSeconds }) => startMs + afterSeconds * 1000),
        )
      : outcomes.flatMap((outcome) => (outcome.kind === 'scanned' ? matchesOf(matcher, outcome) : []));
  const matched = found.filter(({ ruleId }) => meant.has(ruleId) && (test.rule === undefined || test.rule === ruleId));
  const reason = reasonOf(
    test,
    matched,
    own.map(({ id }) => id),
    outcomes,
  );
  const passed = reason === undefined;
  return { result: { name, expect, passed, matched, ...(passed ? {} : { reason }) }, isStuck: false };
}

function reasonOf(
  { expect, rule }: RuleTest,
  matched: readonly Match[],
  ids: readonly string[],
  outcomes: readonly EventOutcome[],
): string | undefined {
  if (rule !== undefined && !ids.includes(rule)) return `the document has no rule "${rule}"`;
  const isMatch = matched.length > 0;
  if (isMatch === (expect === 'match')) return undefined;
  if (isMatch) return `"${matched[0]?.title ?? ''}" matches it`;
  const isOwn = outcomes.some(({ kind }) => kind === 'own');
  return isOwn ? 'rules do not look at such an event: it is a finding of this server' : 'no rule matches it';
}

function matchesOf(matcher: Matcher, { matches }: Scanned): Match[] {
  return matches.map(({ ruleId, matched }) => ({ ruleId, title: titleOf(matcher, ruleId), fields: matched }));
}

/** What comes true over a course of events, each at its own time, windows that close long after included. */
function correlated(matcher: Matcher, outcomes: readonly EventOutcome[], timesMs: readonly number[]): Match[] {
  const correlations = createCorrelations(randomBytes(32), 10_000);
  correlations.use(matcher.rules);
  const found: Match[] = [];
  const told = (ruleId: string, fields: Match['fields']): void => {
    found.push({ ruleId, title: titleOf(matcher, ruleId), fields });
  };
  for (const [index, outcome] of outcomes.entries()) {
    const event = eventAt(index, timesMs[index] ?? startMs);
    for (const id of closedBy(correlations, event, withoutClaim(outcome))) told(id, []);
    if (outcome.kind !== 'scanned') continue;
    for (const match of outcome.matches)
      for (const { finding, fields } of correlations.count(event, match)) told(finding.correlationId, fields);
  }
  const last = eventAt(outcomes.length, (timesMs.at(-1) ?? startMs) + longAfterMs);
  for (const id of closedBy(correlations, last, { kind: 'own' })) told(id, []);
  return found;
}

const eventAt = (index: number, receivedAtMs: number) => ({
  position: { log: 1, index },
  receivedAtMs,
  classUid: 0,
  body: undefined,
});

/** The course of events says when each happens, whatever it says itself. */
function withoutClaim(outcome: EventOutcome): EventOutcome {
  if (outcome.kind !== 'scanned') return outcome;
  const { claimedMs: _claimed, ...rest } = outcome;
  return rest;
}

function titleOf({ rules }: Matcher, id: string): string {
  return rules.get(id)?.title ?? id;
}
