import type { SigmaLogSource, SigmaRule } from '@sallyport/sigma-rules';
import type { LogSource, Vocabulary } from './checked-text.ts';
import { fieldsOf } from './rule-fields.ts';

type Page = LogSource & { rules: number; readonly fields: Map<string, number> };
type Where = Pick<SigmaLogSource, 'category' | 'product' | 'service'>;

/** Which fields rules in force ask of which log source. */
export type FieldBook = {
  add(rule: SigmaRule): void;
  addTags(tags: readonly string[]): void;
  vocabulary(): Vocabulary;
  /** What is known of a log source; undefined where too few rules look at it to say that a field is strange. */
  fieldsFor(logsource: Where): ReadonlySet<string> | undefined;
  /** Whether any rule looks there. */
  knows(logsource: Where): boolean;
};

const maxFields = 200;
const maxTags = 2000;
/** With fewer rules there is not enough to go by. */
const leastRules = 3;

export function createFieldBook(): FieldBook {
  const pages = new Map<string, Page>();
  const tags = new Map<string, number>();

  const fitting = ({ category, product, service }: Where): Page[] =>
    [...pages.values()].filter(
      (page) =>
        (category === undefined || page.category === category) &&
        (product === undefined || page.product === undefined || page.product === product) &&
        (category !== undefined || service === undefined || page.service === service),
    );

  return {
    add(rule) {
      const { category, product, service } = rule.logsource;
      const key = JSON.stringify([category ?? '', product ?? '', service ?? '']);
      const page = pages.get(key) ?? {
        ...(category === undefined ? {} : { category }),
        ...(product === undefined ? {} : { product }),
        ...(service === undefined ? {} : { service }),
        rules: 0,
        fields: new Map<string, number>(),
      };
      page.rules += 1;
      for (const field of fieldsOf(rule)) page.fields.set(field, (page.fields.get(field) ?? 0) + 1);
      pages.set(key, page);
    },
    addTags(all) {
      for (const tag of all) if (tags.has(tag) || tags.size < maxTags) tags.set(tag, (tags.get(tag) ?? 0) + 1);
    },
    vocabulary: () => ({
      logSources: [...pages.values()]
        .toSorted((a, b) => b.rules - a.rules)
        .map(({ fields, ...page }) => ({ ...page, fields: byCount(fields).slice(0, maxFields) })),
      tags: byCount(tags),
    }),
    fieldsFor(logsource) {
      const found = fitting(logsource);
      const rules = found.reduce((sum, page) => sum + page.rules, 0);
      return rules < leastRules ? undefined : new Set(found.flatMap(({ fields }) => [...fields.keys()]));
    },
    knows: (logsource) => fitting(logsource).length > 0,
  };
}

function byCount(counted: ReadonlyMap<string, number>): string[] {
  return [...counted].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
}
