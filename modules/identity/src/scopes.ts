/** Everything a caller can be allowed; each route names one. */
export const allScopes = [
  'events:write',
  'events:read',
  'alerts:read',
  'alerts:write',
  'ledger:read',
  'keys:manage',
  'health:read',
] as const;

export type Scope = (typeof allScopes)[number];

export function isScope(text: string): text is Scope {
  return allScopes.some((scope) => scope === text);
}
