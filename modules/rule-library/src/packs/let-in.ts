import { findingLevels } from '@sallyport/contracts';
import { ruleStatuses } from './pack-state.ts';
import type { PackPolicy, PackState } from './pack-state.ts';
import { keepDocuments } from './rule-documents.ts';
import { fileOf } from './read-catalogue.ts';
import type { CatalogueRule, CatalogueSource, PackCatalogue } from './read-catalogue.ts';

/** Why a rule of a pack is not put into force. */
export type HeldBack = 'level' | 'status' | 'off';

/** Undefined where it is put into force, as far as the pack decides. */
export function heldBack(
  rule: Pick<CatalogueRule, 'id' | 'level' | 'status'>,
  policy: PackPolicy,
  off: ReadonlySet<string>,
): HeldBack | undefined {
  if (off.has(rule.id)) return 'off';
  if (findingLevels.indexOf(rule.level) < findingLevels.indexOf(policy.minimumLevel)) return 'level';
  return ruleStatuses.indexOf(rule.status) > ruleStatuses.indexOf(policy.minimumStatus) ? 'status' : undefined;
}

export function offIds({ off }: Pick<PackState, 'off'>): ReadonlySet<string> {
  return new Set(off.map(({ ruleId }) => ruleId));
}

/** The files detection is given of a pack: those rules that were read when it was imported and that its policy lets in, and nothing else of them. */
export function sourcesLetIn(
  state: Pick<PackState, 'name' | 'policy' | 'off'>,
  catalogue: PackCatalogue,
  files: readonly CatalogueSource[],
): { readonly file: string; readonly text: string }[] {
  const off = offIds(state);
  const linesOf = new Map<string, number[]>();
  for (const rule of catalogue.rules) {
    if (heldBack(rule, state.policy, off) !== undefined) continue;
    const lines = linesOf.get(rule.path);
    if (lines === undefined) linesOf.set(rule.path, [rule.line]);
    else lines.push(rule.line);
  }
  return files.flatMap(({ path, text }) => {
    const lines = linesOf.get(path);
    return lines === undefined ? [] : [{ file: fileOf(state.name, path), text: keepDocuments(text, lines) }];
  });
}
