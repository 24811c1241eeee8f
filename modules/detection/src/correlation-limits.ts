import { leastCount } from '@sallyport/sigma-rules';
import type { ResolvedCorrelation } from '@sallyport/sigma-rules';
import type { RuleRefusal } from './match-protocol.ts';

/** What is kept of a correlation is bounded by these: one that needs more is refused. */
const limits = { correlations: 500, count: 1000 } as const;

/** Those that can be honoured: within the limits, and building on none that is not. Each stands behind those it builds on. */
export function takeCorrelations(resolved: readonly ResolvedCorrelation[]): {
  readonly correlations: readonly ResolvedCorrelation[];
  readonly refusals: readonly RuleRefusal[];
} {
  const correlations: ResolvedCorrelation[] = [];
  const refusals: RuleRefusal[] = [];
  const left = new Set<string>();
  for (const one of resolved) {
    const { id, file, line } = one.correlation;
    const below = one.members.find(({ ruleId, isCorrelation }) => isCorrelation && left.has(ruleId));
    const reason =
      below === undefined
        ? overLimits(one, correlations.length)
        : `Cannot build on correlation "${below.ruleId}": it is refused`;
    if (reason === undefined) {
      correlations.push(one);
      continue;
    }
    left.add(id);
    refusals.push({ file, line, reason });
  }
  return { correlations, refusals };
}

function overLimits({ correlation }: ResolvedCorrelation, taken: number): string | undefined {
  if (taken >= limits.correlations) return `Cannot take more than ${limits.correlations} correlations`;
  const { type, condition } = correlation;
  if (type !== 'event_count' && type !== 'value_count') return undefined;
  const isUpper = condition.kind === 'number' && condition.bounds.some(({ operator }) => operator.startsWith('l'));
  const count = leastCount(condition);
  return isUpper || count <= limits.count ? undefined : `Cannot count to ${count}, must be at most ${limits.count}`;
}
