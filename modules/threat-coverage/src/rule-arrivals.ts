import { isFromLogSource } from '@sallyport/sigma-rules';
import type { Arrival, AskedSource, CoverageRule, RuleFires } from './needs.ts';

/** Whether what a rule looks at arrives. */
export type RuleData = {
  readonly hasData: boolean;
  /** Sources it looks at; of a correlation those of all rules it rests on. */
  readonly asked: readonly AskedSource[];
  /** The newest event of a source it looks at, however long ago; of a correlation the oldest of those it needs. */
  readonly lastEventMs: number | undefined;
  /** Sources that are missing; of a correlation those of all rules it rests on. `undefined` in it: a rule that is not in force. */
  readonly missing: readonly (AskedSource | undefined)[];
};

export type RuleDataInput = {
  readonly rules: ReadonlyMap<string, CoverageRule>;
  readonly arrivals: readonly Arrival[];
  readonly fires: ReadonlyMap<string, RuleFires>;
  readonly nowMs: number;
  readonly windowDays: number;
};

const dayMs = 86_400_000;
const gone: RuleData = { hasData: false, asked: [], lastEventMs: undefined, missing: [undefined] };

/**
 * A rule has data when a source that is known to be what it asks for arrived within the window, or it found something in the last 24
 * hours; a correlation when all rules it rests on have.
 */
export function createRuleData(input: RuleDataInput): (id: string) => RuleData {
  const known = new Map<string, RuleData>();
  const lastSeen = new Map<string, number | undefined>();
  const sinceMs = input.nowMs - input.windowDays * dayMs;

  function lastSeenOf(asked: AskedSource): number | undefined {
    const key = sourceKey(asked);
    if (!lastSeen.has(key)) {
      const times = input.arrivals
        .filter(({ source }) => isFromLogSource(asked, source))
        .map(({ lastSeenMs }) => lastSeenMs);
      lastSeen.set(key, times.length === 0 ? undefined : Math.max(...times));
    }
    return lastSeen.get(key);
  }

  function ofPlain(rule: CoverageRule): RuleData {
    const asked = rule.logSource ?? {};
    const lastEventMs = lastSeenOf(asked);
    const hasData = (lastEventMs !== undefined && lastEventMs >= sinceMs) || (input.fires.get(rule.id)?.day ?? 0) > 0;
    return { hasData, asked: [asked], lastEventMs, missing: hasData ? [] : [asked] };
  }

  function ofCorrelation(ruleIds: readonly string[], path: ReadonlySet<string>): RuleData {
    const parts = ruleIds.map((id) => look(id, path));
    const times = parts.map(({ lastEventMs }) => lastEventMs);
    const seen = times.filter((time) => time !== undefined);
    return {
      hasData: parts.length > 0 && parts.every(({ hasData }) => hasData),
      asked: unique(parts.flatMap(({ asked }) => asked)),
      lastEventMs: seen.length === times.length && seen.length > 0 ? Math.min(...seen) : undefined,
      missing: unique(parts.flatMap(({ missing }) => missing)),
    };
  }

  function look(id: string, path: ReadonlySet<string>): RuleData {
    const found = known.get(id);
    if (found !== undefined) return found;
    const rule = input.rules.get(id);
    if (rule === undefined || path.has(id)) return gone;
    const data =
      rule.correlation === undefined ? ofPlain(rule) : ofCorrelation(rule.correlation.ruleIds, new Set([...path, id]));
    known.set(id, data);
    return data;
  }

  return (id) => look(id, new Set());
}

export function sourceKey({ product = '', category = '', service = '' }: AskedSource): string {
  return `${product}|${category}|${service}`;
}

function unique<Source extends AskedSource | undefined>(sources: readonly Source[]): Source[] {
  return [...new Map(sources.map((source) => [source === undefined ? undefined : sourceKey(source), source])).values()];
}
