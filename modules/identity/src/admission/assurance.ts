/** A second factor: what somebody shows besides a password or a provider's word, or, where it is two factors by itself, instead. */
export type SecondFactor = 'totp' | 'passkey' | 'certificate' | 'recovery' | 'code';

/** How somebody showed who they are. `code` is one sent by e-mail or SMS, which is weak; `sealed` a code out of an envelope. */
export type SessionMethod = 'password' | SecondFactor | 'sealed' | `provider:${string}`;

export type Assurance = 1 | 2 | 3;

/** What somebody has shown in one sign-in. Whoever fills it in has verified each of them. */
export type Shown = {
  /** In the order they were shown. */
  readonly methods: readonly SessionMethod[];
  /** Whose word stands behind `provider:<id>`, what it is worth by that provider's settings, and its own name for their session there. */
  readonly provider?: { readonly id: string; readonly assurance: Assurance; readonly sessionId?: string };
};

/** A passkey or a certificate verifies the person as well (PIN, fingerprint) and cannot be phished. */
export const unphishable: ReadonlySet<string> = new Set(['passkey', 'certificate']);
/** Good for nothing but to follow something else. */
const second: ReadonlySet<string> = new Set(['totp', 'recovery']);

/**
 * 1: one factor, however often, or a weak second one. 2: two factors. 3: one that cannot be phished. 0: nothing, or only what
 * is no first factor. What is not in `counted` adds nothing; a password always counts, and so do recovery codes, up to 2. A
 * provider counts as 1 when its word does not count as second factor.
 */
export function assuranceOf({ methods, provider }: Shown, counted: ReadonlySet<string>): 0 | Assurance {
  const counts = (method: string): boolean => method === 'recovery' || counted.has(method);
  if (methods.some((method) => unphishable.has(method) && counts(method))) return 3;
  const word = provider === undefined ? 0 : counts('provider') ? provider.assurance : 1;
  const first = methods.includes('password') ? 1 : word;
  if (first === 0) return 0;
  if (methods.some((method) => second.has(method) && counts(method))) return word === 3 ? 3 : 2;
  return word > first ? (word === 3 ? 3 : 2) : first;
}

/** A first factor and a code by e-mail or SMS, and nothing stronger. */
export function isWeak(shown: Shown, counted: ReadonlySet<string>): boolean {
  return assuranceOf(shown, counted) === 1 && shown.methods.includes('code') && counted.has('code');
}
