/** Everything a caller can be allowed; each route names one. A key's scopes are names of these. */
export const allActions = [
  'events:write',
  'events:read',
  'alerts:read',
  'alerts:write',
  'ledger:read',
  'keys:manage',
  'health:read',
  'rules:manage',
  'sources:manage',
  'sensors:read',
  'sensors:write',
  'users:read',
  'users:manage',
  'sessions:own',
  'settings:read',
  'settings:manage',
  'audit:read',
  'demo:run',
  'clock:accept',
] as const;

export type Action = (typeof allActions)[number];

export function isAction(text: string): text is Action {
  return allActions.some((action) => action === text);
}

/** What a person can be made. Which actions a role has stands in the policies. */
export const allRoles = ['admin', 'analyst', 'guard', 'viewer', 'auditor'] as const;

export type Role = (typeof allRoles)[number];

export function isRole(text: string): text is Role {
  return allRoles.some((role) => role === text);
}
