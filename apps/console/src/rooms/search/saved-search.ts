export type SavedSearch = { readonly name: string; readonly query: string; readonly range: string | undefined };

export const maxSavedSearches = 100;
const maxCharacters = 8192;

/** What this browser kept. Anything else that stands there, by whatever hand, is left out. */
export function parseSavedSearches(stored: string | undefined): readonly SavedSearch[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(stored ?? '[]');
  } catch {
    return [];
  }
  const entries: unknown[] = Array.isArray(parsed) ? parsed : [];
  const found = new Map<string, SavedSearch>();
  for (const entry of entries) {
    const fields = new Map<string, unknown>(typeof entry === 'object' && entry !== null ? Object.entries(entry) : []);
    const [name, query, range] = [fields.get('name'), fields.get('query'), fields.get('range')];
    if (typeof name !== 'string' || typeof query !== 'string' || query.length > maxCharacters) continue;
    found.set(name, { name, query, range: typeof range === 'string' ? range : undefined });
  }
  return [...found.values()].slice(-maxSavedSearches);
}
