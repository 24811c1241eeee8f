import { unphishable } from './assurance.ts';

/** What may count as a second factor of a role. Recovery codes always do, and never for more than 2. */
export const countedFactors = ['passkey', 'certificate', 'totp', 'provider', 'code'] as const;
export type CountedFactor = (typeof countedFactors)[number];

/** What people of one role must show to come in. */
export type RoleRequirement = {
  readonly role: string;
  /** 2: any second factor that counts. 3: one that cannot be phished. */
  readonly leastAssurance: 2 | 3;
  /** Never without `passkey`, so that two roles of one person cannot leave them nothing. `code` is weak: only with 2. */
  readonly factors: readonly CountedFactor[];
  /** Whoever has a passkey for the name the server is opened under proves themselves with it, not with password and app. */
  readonly provesWithPasskey: boolean;
  /** Until then whoever does not meet it is let in as by the default, and told. Undefined: it holds. */
  readonly enforcedFromMs?: number;
};

/** What holds for one person, now. */
export type Requirement = {
  readonly leastAssurance: 2 | 3;
  readonly factors: ReadonlySet<string>;
  readonly provesWithPasskey: boolean;
  /** What they do not have to meet yet, and when they will: the earliest. */
  readonly coming?: { readonly leastAssurance: 2 | 3; readonly factors: ReadonlySet<string>; readonly fromMs: number };
  /** Better than what they must have: to be offered, and to be turned down. */
  readonly isOfferedPasskey: boolean;
};

const strong: readonly CountedFactor[] = ['passkey', 'certificate', 'totp', 'provider'];
export const strongFactors: ReadonlySet<string> = new Set(strong);
/** Of roles that may change who may do what. They never come in by a weak code, whatever is asked for. */
const privileged: ReadonlySet<string> = new Set(['admin']);

export function isPrivileged(role: string): boolean {
  return privileged.has(role);
}

export function defaultRequirement(role: string): RoleRequirement {
  return { role, leastAssurance: 2, factors: strong, provesWithPasskey: isPrivileged(role) };
}

/** The strictest of all roles somebody holds: the greatest assurance, and only factors that count for each of them. */
export function requirementOf(
  roles: readonly string[],
  stored: readonly RoleRequirement[],
  nowMs: number,
): Requirement {
  const own = roles.map((role) => stored.find((one) => one.role === role) ?? defaultRequirement(role));
  const isComing = ({ enforcedFromMs }: RoleRequirement): boolean =>
    enforcedFromMs !== undefined && enforcedFromMs > nowMs;
  const now = strictest(own.map((one) => (isComing(one) ? defaultRequirement(one.role) : one)));
  const coming = own.filter(isComing);
  const fromMs = Math.min(...coming.map(({ enforcedFromMs = 0 }) => enforcedFromMs));
  return {
    ...now,
    provesWithPasskey: own.some(({ provesWithPasskey }) => provesWithPasskey),
    ...(coming.length === 0 ? {} : { coming: { ...strictest(own), fromMs } }),
    isOfferedPasskey: roles.some(isPrivileged) || coming.some(({ leastAssurance }) => leastAssurance === 3),
  };
}

function strictest(own: readonly RoleRequirement[]): Pick<Requirement, 'leastAssurance' | 'factors'> {
  const { factors: first = strong } = own[0] ?? {};
  const isPrivilegedPerson = own.some(({ role }) => isPrivileged(role));
  return {
    leastAssurance: own.some(({ leastAssurance }) => leastAssurance === 3) ? 3 : 2,
    factors: new Set(
      first.filter(
        (factor) => own.every(({ factors }) => factors.includes(factor)) && !(isPrivilegedPerson && factor === 'code'),
      ),
    ),
  };
}

/**
 * Whether somebody has a factor that would do, wherever they use it. Of whoever comes by a provider alone, only the provider's
 * word can tell: where that counts, they are taken to.
 */
export function meets(
  has: readonly string[],
  comesByProvider: boolean,
  { leastAssurance, factors }: Pick<Requirement, 'leastAssurance' | 'factors'>,
): boolean {
  if (has.some((factor) => unphishable.has(factor) && factors.has(factor))) return true;
  if (leastAssurance === 3) return false;
  return has.some((factor) => factors.has(factor)) || (comesByProvider && factors.has('provider'));
}
