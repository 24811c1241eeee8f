import type { AskedSource } from './needs.ts';

/** A log source as people read it: `windows / process_creation`; undefined stands for a rule that is not in force. */
export function sourceWords(source: AskedSource | undefined): string {
  if (source === undefined) return 'a rule that is not in force';
  const { product, category, service } = source;
  const words = [product, category, service].filter((word) => word !== undefined && word !== '');
  return words.length === 0 ? 'any source' : words.join(' / ');
}
