import type { Intent } from './section.ts';

/** The keys of an intent that go: what was kept when it began, or since, does not. */
export function finalKeyIds({ keyIds, kept }: Pick<Intent, 'keyIds' | 'kept'>): string[] {
  const staying = new Set(kept.map(({ keyId }) => keyId));
  return keyIds.filter((id) => !staying.has(id));
}
