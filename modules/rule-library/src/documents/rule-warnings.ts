import { attackOf } from '@sallyport/sigma-rules';
import type { SigmaCorrelation, SigmaFilter, SigmaRule } from '@sallyport/sigma-rules';
import type { Remark } from './checked-text.ts';
import type { FieldBook } from './field-book.ts';
import { nearest } from './nearest-name.ts';
import { fitsAnything, itemsOf } from './rule-fields.ts';

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** What somebody should look at before the rules are in force. They can be honoured all the same. */
export function warningsOf(checked: {
  readonly rules: readonly (SigmaRule | SigmaCorrelation)[];
  /** The rules as they were written, field mappings not applied. */
  readonly raw: readonly SigmaRule[];
  readonly filters: readonly SigmaFilter[];
  /** The file in force that has the id of a rule already. */
  readonly takenBy: (rule: SigmaRule | SigmaCorrelation) => string | undefined;
  readonly book: FieldBook;
}): readonly Remark[] {
  const { rules, raw, filters, takenBy, book } = checked;
  return [
    ...rules.flatMap((rule) => attributeWarnings(rule, takenBy(rule))),
    ...raw.flatMap((rule) => searchWarnings(rule, book)),
    ...filters.flatMap(({ rules: named, line }) =>
      named === 'any'
        ? [{ line, code: 'wide_filter', message: 'The filter takes from every rule of its log source' }]
        : [],
    ),
  ].toSorted((a, b) => a.line - b.line);
}

function attributeWarnings(rule: SigmaRule | SigmaCorrelation, takenBy: string | undefined): Remark[] {
  const remark = (code: string, message: string): Remark => ({ line: rule.line, code, message });
  const found: Remark[] = [];
  if (takenBy !== undefined)
    found.push(remark('id_taken', `The id is that of a rule in force (${takenBy}): this one will not come into force`));
  if (rule.id === rule.name || rule.id === `${rule.file}:${rule.line}`)
    found.push(
      remark('id_missing', 'The rule has no "id": alerts and scorecards could not tell its versions from others'),
    );
  else if (!uuid.test(rule.id)) found.push(remark('id_not_uuid', 'The id is no UUID, as Sigma wants it'));
  if (rule.level === undefined) found.push(remark('level_missing', 'The rule has no "level": it counts as medium'));
  if (rule.description === undefined)
    found.push(remark('description_missing', 'The rule has no "description": alerts will not say what it means'));
  const isTagged = attackOf(rule.tags).techniques.length > 0 || rule.tags.some((tag) => /^(atlas|atl)\./i.test(tag));
  if (!isTagged)
    found.push(remark('technique_missing', 'No tag names a technique of ATT&CK or ATLAS: no map shows the rule'));
  return found;
}

function searchWarnings(rule: SigmaRule, book: FieldBook): Remark[] {
  const found: Remark[] = [];
  const known = book.fieldsFor(rule.logsource);
  if (!book.knows(rule.logsource))
    found.push({ line: rule.line, code: 'log_source_unknown', message: 'No rule in force looks at this log source' });
  const told = new Set<string>();
  for (const item of itemsOf(rule)) {
    const { field, line } = item;
    if (fitsAnything(item)) {
      const what = field === undefined ? 'any event' : `any event that has "${field}"`;
      found.push({ line, code: 'wildcard_only', message: `A value is wildcards alone: it fits ${what}` });
    }
    if (field === undefined || known === undefined || known.has(field) || told.has(field)) continue;
    told.add(field);
    const near = nearest(field, known);
    const hint = near === undefined ? '' : `, but "${near}" is`;
    found.push({ line, code: 'field_unknown', message: `Field "${field}" is in no rule for this log source${hint}` });
  }
  return found;
}
