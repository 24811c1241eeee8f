import { comparePositions, formatPosition, parseFinding, parseJson } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';
import type { ExceptionText, KnownRule } from './exception.ts';
import { groupConditionOf } from './group-condition.ts';
import { openMatcherFor } from './open-matcher.ts';
import type { Matcher, RuleExceptionNeeds, StoredFinding } from './needs.ts';

/** What a text would have hidden of what was found. */
export type TrialCounts = {
  /** Findings looked at. */
  looked: number;
  hidden: number;
  hiddenAlerts: number;
  /** Hidden ones whose alert people judged to be an attack; of critical rules; that name whoever tries it as their user. */
  hiddenAttacks: number;
  hiddenCritical: number;
  hiddenOwn: number;
  /** Their event was erased or cannot be read: nothing can be said of them. */
  gone: number;
  /** Their rule does not match the event any more: it was changed since. */
  changed: number;
};

export type HiddenFinding = StoredFinding & { readonly user?: string; readonly host?: string };

export type TrialSteps = {
  readonly text: ExceptionText;
  readonly sinceMs: number;
  /** Name of whoever tries it. */
  readonly by: string;
  readonly signal: AbortSignal;
  readonly counts: TrialCounts;
  /** The newest of the hidden ones. */
  readonly found: HiddenFinding[];
};

export const trialLimits = { findings: 20_000, listed: 200, perStep: 200 } as const;
const maxBytes = 16 * 1024 * 1024;
const key = 'trial';

/**
 * Looks at the findings of the rules, newest first, and evaluates the text on each as detection would: on the event as it is stored, in a matching
 * thread of its own; of a correlation on what its finding says of the group. Answers whether it came to the end.
 */
export async function tryText(
  needs: Pick<RuleExceptionNeeds, 'ledger' | 'findings' | 'openMatcher' | 'rules' | 'sources'>,
  steps: TrialSteps,
): Promise<boolean> {
  const { text, signal } = steps;
  const matcher = await openMatcherFor(text.rules, needs);
  try {
    await matcher.except([{ key, ...text }]);
    const rules = new Map(needs.rules().map((rule) => [rule.id, rule]));
    const alerts = new Set<string>();
    let before: Position | undefined;
    while (steps.counts.looked < trialLimits.findings) {
      const page = await needs.findings({
        rules: text.rules,
        sinceMs: steps.sinceMs,
        ...(before === undefined ? {} : { before }),
        limit: trialLimits.perStep,
      });
      for (const one of await judge(needs, steps, { page, matcher, rules })) {
        alerts.add(one.alertId);
        take(steps, one);
      }
      steps.counts.hiddenAlerts = alerts.size;
      steps.counts.looked += page.length;
      before = page.at(-1)?.position;
      if (page.length < trialLimits.perStep) return true;
      signal.throwIfAborted();
    }
    return false;
  } finally {
    await matcher.close();
  }
}

function take({ counts, found, by }: TrialSteps, one: HiddenFinding): void {
  counts.hidden += 1;
  if (one.disposition === 'true_positive') counts.hiddenAttacks += 1;
  if (one.level === 'critical') counts.hiddenCritical += 1;
  if (one.user !== undefined && one.user.toLowerCase() === by.toLowerCase()) counts.hiddenOwn += 1;
  if (found.length < trialLimits.listed) found.push(one);
}

/** Those of the page that would have been hidden, in its order. */
async function judge(
  needs: Pick<RuleExceptionNeeds, 'ledger'>,
  { text, counts, signal }: TrialSteps,
  given: {
    readonly page: readonly StoredFinding[];
    readonly matcher: Matcher;
    readonly rules: ReadonlyMap<string, KnownRule>;
  },
): Promise<HiddenFinding[]> {
  const { page, matcher, rules } = given;
  const isOfCorrelation = ({ ruleId }: StoredFinding): boolean => rules.get(ruleId)?.correlation !== undefined;
  const events = await readEvents(
    needs,
    page.map((finding) => (isOfCorrelation(finding) ? finding.position : finding.input)),
    signal,
  );
  const holds = groupConditionOf(text);
  const hidden: HiddenFinding[] = [];
  const single: { readonly finding: StoredFinding; readonly body: Uint8Array }[] = [];
  for (const finding of page) {
    const body = events.get(formatPosition(isOfCorrelation(finding) ? finding.position : finding.input))?.body;
    if (body === undefined || !rules.has(finding.ruleId)) {
      counts.gone += 1;
    } else if (isOfCorrelation(finding)) {
      const stored = parseFinding(parseJson(Buffer.from(body).toString('utf8')));
      if (stored === undefined) counts.gone += 1;
      else if (holds({ fields: stored.matched, events: 1 + (stored.related?.length ?? 0), about: stored }))
        hidden.push(named(finding, stored));
    } else single.push({ finding, body });
  }
  let at = 0;
  for await (const outcomes of matcher.match(single.map(({ body }) => body))) {
    for (const outcome of outcomes) {
      const finding = single[at]?.finding;
      at += 1;
      if (finding === undefined) continue;
      const match =
        outcome.kind === 'scanned' ? outcome.matches.find(({ ruleId }) => ruleId === finding.ruleId) : undefined;
      if (outcome.kind !== 'scanned') counts.gone += 1;
      else if (match === undefined) counts.changed += 1;
      else if (match.excepted?.includes(key) === true) hidden.push(named(finding, outcome));
    }
    signal.throwIfAborted();
  }
  return hidden.toSorted((a, b) => comparePositions(b.position, a.position));
}

function named(finding: StoredFinding, about: { readonly user?: string; readonly host?: string }): HiddenFinding {
  const { user, host } = about;
  return { ...finding, ...(user === undefined ? {} : { user }), ...(host === undefined ? {} : { host }) };
}

/** Neighbours are read together: a block of the ledger is opened once for all of them. */
async function readEvents(
  { ledger }: Pick<RuleExceptionNeeds, 'ledger'>,
  positions: readonly Position[],
  signal: AbortSignal,
): Promise<Map<string, LedgerEvent>> {
  const wanted = positions.toSorted(comparePositions);
  const events = new Map<string, LedgerEvent>();
  const names = new Set(wanted.map(formatPosition));
  for (let at = 0; at < wanted.length;) {
    const [first] = wanted.slice(at);
    if (first === undefined) break;
    let end = at;
    while (isNear(first, wanted[end + 1])) end += 1;
    const until = { log: first.log, index: (wanted[end]?.index ?? first.index) + 1 };
    const range = await ledger.read(first, { maxEvents: near, maxBytes, until });
    for (const event of range.events) {
      const name = formatPosition(event.position);
      if (names.has(name)) events.set(name, event);
    }
    // A read may end early, for its bytes: the rest is asked for again.
    const reached = range.to;
    const next = wanted.findIndex((one, index) => index > at && index <= end && comparePositions(one, reached) >= 0);
    at = next === -1 ? end + 1 : next;
    signal.throwIfAborted();
  }
  return events;
}

const near = 256;

function isNear(first: Position, other: Position | undefined): boolean {
  return other !== undefined && other.log === first.log && other.index - first.index < near;
}
