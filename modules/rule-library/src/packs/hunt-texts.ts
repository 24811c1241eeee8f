import type { CatalogueRule, CatalogueSource } from './read-catalogue.ts';
import { documentAt } from './rule-documents.ts';

/** What a hunt takes as one text, with room to spare (characters, and rules in it). */
const limits = { characters: 3 * 1024 * 1024, rules: 4000 } as const;

/** The rules as as few texts of many documents as a hunt takes. */
export function huntTexts(
  changes: readonly { readonly rule: Pick<CatalogueRule, 'path' | 'line'> }[],
  files: readonly CatalogueSource[],
): string[] {
  const textOf = new Map(files.map(({ path, text }) => [path, text]));
  const texts: string[] = [];
  let documents: string[] = [];
  let characters = 0;
  const finish = (): void => {
    if (documents.length > 0) texts.push(documents.join('---\n'));
    [documents, characters] = [[], 0];
  };
  for (const { rule } of changes) {
    const document = documentAt(textOf.get(rule.path) ?? '', rule.line);
    if (characters + document.length > limits.characters || documents.length >= limits.rules) finish();
    documents.push(document);
    characters += document.length;
  }
  finish();
  return texts;
}
