import type { CatalogueRule, PackCatalogue } from './read-catalogue.ts';

/** What became of a rule between two releases. */
export type RuleChange = {
  readonly change: 'added' | 'removed' | 'changed';
  /** As it is now; as it was, where it is removed. */
  readonly rule: CatalogueRule;
  readonly before: CatalogueRule | undefined;
  /** Of one that changed, what: `detection` decides whether it matches, `text` alone does not. */
  readonly changed: readonly ChangedPart[];
};

export type ChangedPart = 'detection' | 'level' | 'status' | 'title' | 'file' | 'text';

export type PackDifference = { readonly changes: readonly RuleChange[]; readonly unchanged: number };

/** Told apart by id. Without `before` everything is added. */
export function compareCatalogues(before: PackCatalogue | undefined, after: PackCatalogue): PackDifference {
  const old = new Map((before?.rules ?? []).map((rule) => [rule.id, rule]));
  const now = new Set(after.rules.map(({ id }) => id));
  const changes: RuleChange[] = [];
  let unchanged = 0;
  for (const rule of after.rules) {
    const was = old.get(rule.id);
    const changed = was === undefined ? [] : changedParts(was, rule);
    if (was === undefined) changes.push({ change: 'added', rule, before: undefined, changed });
    else if (changed.length > 0) changes.push({ change: 'changed', rule, before: was, changed });
    else unchanged += 1;
  }
  for (const rule of old.values())
    if (!now.has(rule.id)) changes.push({ change: 'removed', rule, before: rule, changed: [] });
  return { changes: changes.toSorted((a, b) => compareTitles(a.rule, b.rule)), unchanged };
}

function changedParts(was: CatalogueRule, rule: CatalogueRule): ChangedPart[] {
  const parts: ChangedPart[] = [];
  if (was.detection !== rule.detection) parts.push('detection');
  if (was.level !== rule.level) parts.push('level');
  if (was.status !== rule.status) parts.push('status');
  if (was.title !== rule.title) parts.push('title');
  if (was.path !== rule.path) parts.push('file');
  if (was.text !== rule.text) parts.push('text');
  return parts;
}

function compareTitles(a: CatalogueRule, b: CatalogueRule): number {
  if (a.title !== b.title) return a.title < b.title ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
