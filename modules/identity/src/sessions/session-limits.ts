/** How long a session of a role lasts, and what it is bound to. */
export type RoleLimits = {
  readonly role: string;
  /** Without use by somebody's own hands. */
  readonly idleMinutes: number;
  /** In any case. */
  readonly lifetimeMinutes: number;
  /** Open at once, of one person. */
  readonly maxSessions: number;
  /** Whether every session must be bound to a key that the browser cannot give away. */
  readonly browserKey: 'allowed' | 'required';
};
export type SessionPolicy = {
  /** Roles that are not named have the defaults. */
  readonly roles: readonly RoleLimits[];
  /** When somebody signs in once too often: the oldest makes way; or they are asked whether it shall. */
  readonly whenTooMany: 'end-oldest' | 'ask';
};

export const limitBounds = {
  idleMinutes: { least: 5, most: 7 * 24 * 60 },
  lifetimeMinutes: { least: 15, most: 30 * 24 * 60 },
  maxSessions: { least: 1, most: 20 },
} as const;
export const maxLifetimeMs = limitBounds.lifetimeMinutes.most * 60_000;

export const defaultPolicy: SessionPolicy = { roles: [], whenTooMany: 'end-oldest' };

export function defaultLimits(role: string): RoleLimits {
  return { role, idleMinutes: 30, lifetimeMinutes: 12 * 60, maxSessions: 20, browserKey: 'allowed' };
}

export type Limits = {
  readonly idleMs: number;
  readonly lifetimeMs: number;
  readonly maxSessions: number;
  readonly needsBrowserKey: boolean;
};

/** The strictest of all roles somebody holds. */
export function limitsOf({ roles: stored }: SessionPolicy, held: readonly string[]): Limits {
  const names = held.length === 0 ? [''] : held;
  const own = names.map((role) => stored.find((one) => one.role === role) ?? defaultLimits(role));
  const least = (of: (limits: RoleLimits) => number): number => Math.min(...own.map(of));
  return {
    idleMs: 60_000 * least(({ idleMinutes }) => idleMinutes),
    lifetimeMs: 60_000 * least(({ lifetimeMinutes }) => lifetimeMinutes),
    maxSessions: least(({ maxSessions }) => maxSessions),
    needsBrowserKey: own.some(({ browserKey }) => browserKey === 'required'),
  };
}

/** The longest that anybody's session may last or rest: what is older is nobody's. */
export function longestOf({ roles }: SessionPolicy): Pick<Limits, 'idleMs' | 'lifetimeMs'> {
  const all = [...roles, defaultLimits('')];
  return {
    idleMs: 60_000 * Math.max(...all.map(({ idleMinutes }) => idleMinutes)),
    lifetimeMs: 60_000 * Math.max(...all.map(({ lifetimeMinutes }) => lifetimeMinutes)),
  };
}
