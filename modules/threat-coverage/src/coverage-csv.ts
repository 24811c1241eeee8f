import { csvRecord } from '@sallyport/platform/csv';
import type { Coverage } from './coverage.ts';
import { sourceWords } from './source-words.ts';

const head = [
  'framework',
  'version',
  'id',
  'name',
  'parent',
  'tactics',
  'verdict',
  'rules',
  'rules_with_data',
  'findings_30d',
  'missing_sources',
];

/** A line a technique, those without a rule included. */
export function coverageCsv({ framework, techniques }: Coverage): string {
  const lines = techniques.map(({ technique, parent, verdict, rules, findingsInMonth }) => {
    const missing = new Set(rules.flatMap(({ data }) => data.missing.map(sourceWords)));
    return csvRecord([
      framework.id,
      framework.version,
      technique.id,
      technique.name,
      parent ?? null,
      technique.tactics.join(' '),
      verdict,
      rules.length,
      rules.filter(({ data }) => data.hasData).length,
      findingsInMonth,
      [...missing].toSorted().join('; '),
    ]);
  });
  return [csvRecord(head), ...lines].join('');
}
