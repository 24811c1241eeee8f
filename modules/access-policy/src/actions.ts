/** Everything people, keys and the operator can be allowed; each route names one. A key's scopes are names of these. */
export const allActions = [
  'events:write',
  'events:read',
  'hunts:run',
  'alerts:read',
  'alerts:write',
  'ledger:read',
  'keys:manage',
  'vault:read',
  'vault:manage',
  'personal:read',
  'personal:manage',
  'health:read',
  'rules:read',
  'rules:write',
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
  'devices:read',
  'devices:manage',
  'devices:command',
  'cameras:read',
  'cameras:manage',
  'cameras:export',
  'agents:read',
  'agents:run',
  'agents:stop',
  'agents:approve',
  'agents:manage',
] as const;

/** What an approved device can be allowed, and nobody else: no role, key or operator sends pictures in a camera's name. */
export const deviceActions = ['cameras:send'] as const;

/**
 * What a session of an AI agent can be allowed, and nobody else: to tell what it does and hear whether it may, and what its harness tells of
 * itself. The second has a credential of its own, which is limited to it.
 */
export const agentActions = ['agents:report', 'agents:telemetry'] as const;

/** Those that may be held at a site: about its cameras and devices, and about what happened there. */
export const siteActions = [
  'events:read',
  'alerts:read',
  'alerts:write',
  'devices:read',
  'devices:manage',
  'devices:command',
  'cameras:read',
  'cameras:manage',
  'cameras:export',
] as const;

/** Those that one kind of principal has and no other, whatever roles and scopes there are. */
export const kindActions = [...deviceActions, ...agentActions] as const;

export type Action = (typeof allActions)[number];
export type KindAction = (typeof kindActions)[number];

export function isAction(text: string): text is Action {
  return allActions.some((action) => action === text);
}

export function isKindAction(text: string): text is KindAction {
  return kindActions.some((action) => action === text);
}

/** What a person can be made. Which actions a role has stands in the policies. */
export const allRoles = ['admin', 'analyst', 'guard', 'viewer', 'auditor'] as const;

export type Role = (typeof allRoles)[number];

export function isRole(text: string): text is Role {
  return allRoles.some((role) => role === text);
}
