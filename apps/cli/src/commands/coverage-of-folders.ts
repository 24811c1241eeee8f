import { attackFrameworks } from '@sallyport/content/attack';
import type { JsonValue } from '@sallyport/contracts';
import { coverageCsv, createThreatCoverage, mapAnswer, navigatorLayer } from '@sallyport/threat-coverage';
import type { CoverageRule, FrameworkId } from '@sallyport/threat-coverage';
import { loadRules } from '../load-rules.ts';
import type { CliNeeds } from '../needs.ts';
import { grouped } from '../terminal.ts';

/** What rule files would cover, were all their data there: nothing is known of what arrives. */
export type FolderCoverage = {
  readonly note: string;
  readonly answer: JsonValue;
  csv(): string;
  navigator(): string;
};

export async function coverageOfFolders(
  paths: readonly string[],
  framework: FrameworkId,
  { clock, signal }: Pick<CliNeeds, 'clock' | 'signal'>,
): Promise<FolderCoverage> {
  const loaded = await loadRules(paths, undefined, signal);
  const silenced = new Set(
    loaded.correlations.flatMap(({ correlation, members }) =>
      correlation.generate ? [] : members.map(({ ruleId }) => ruleId),
    ),
  );
  const rules: CoverageRule[] = [
    ...loaded.rules.map((rule) => ({
      ...facts(rule),
      generates: !silenced.has(rule.id),
      logSource: {
        product: rule.logsource.product,
        category: rule.logsource.category,
        service: rule.logsource.service,
      },
    })),
    ...loaded.correlations.map(({ correlation, members }) => ({
      ...facts(correlation),
      generates: !silenced.has(correlation.id),
      correlation: { ruleIds: members.map(({ ruleId }) => ruleId) },
    })),
  ];
  const nowMs = clock.nowMs();
  const coverage = createThreatCoverage({
    frameworks: attackFrameworks(),
    rules: () => rules,
    // As if every source a rule asks for had just sent something.
    arrivals: () => ({
      sources: loaded.rules.map(({ logsource: { product, category, service } }) => ({
        source: {
          ...(product === undefined ? {} : { product }),
          ...(category === undefined ? {} : { category: [category] }),
          ...(service === undefined ? {} : { service: [service] }),
        },
        firstSeenMs: nowMs,
        lastSeenMs: nowMs,
        days: new Map(),
      })),
      evicted: 0,
    }),
    fires: async () => new Map(),
    clock,
  });
  const map = await coverage.map(framework, 7);
  const refused = loaded.refusals.length === 0 ? '' : `, ${grouped(loaded.refusals.length)} refused`;
  return {
    note: `${grouped(rules.length)} ${rules.length === 1 ? 'rule' : 'rules'} of ${grouped(loaded.files)} ${loaded.files === 1 ? 'file' : 'files'}${refused}. What arrives is not known here: every rule counts as if its data did\n`,
    answer: mapAnswer(map),
    csv: () => coverageCsv(map.coverage),
    navigator: () => `${JSON.stringify(navigatorLayer(map.coverage, map), undefined, 1)}\n`,
  };
}

function facts(
  rule: Pick<CoverageRule, 'id' | 'title' | 'tags' | 'file' | 'status'> & {
    readonly level: CoverageRule['level'] | undefined;
  },
) {
  return {
    id: rule.id,
    title: rule.title,
    level: rule.level ?? ('medium' as const),
    status: rule.status,
    tags: rule.tags,
    file: rule.file,
  };
}
