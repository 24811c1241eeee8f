import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { keyRoles } from './asset.ts';
import type { KeyRole } from './asset.ts';

const Days = Type.Integer({ minimum: 1, maximum: 36_500, description: 'Days' });

/** What counts as weak or late here. */
export const InventoryPolicy = Type.Object(
  {
    cryptoperiod_days: Type.Object(Object.fromEntries(keyRoles.map((role) => [role, Days])), {
      additionalProperties: false,
      description: 'How long a key of each role may protect new things',
    }),
    certificate_days: Type.Array(Days, {
      minItems: 1,
      maxItems: 5,
      uniqueItems: true,
      description: 'How many days before the end of a certificate it is told of',
    }),
    least_modulus_bits: Type.Integer({ minimum: 1024, maximum: 16_384, description: 'Of RSA keys' }),
    least_security_bits: Type.Integer({ minimum: 80, maximum: 256, description: 'Of every other key' }),
    least_password_memory_kib: Type.Integer({ minimum: 1024, maximum: 4_194_304 }),
    least_password_passes: Type.Integer({ minimum: 1, maximum: 100 }),
  },
  { additionalProperties: false },
);
export type InventoryPolicy = Static<typeof InventoryPolicy>;

const year = 365;

/**
 * Cryptoperiods: the upper ends of NIST SP 800-57 part 1 (revision 5), 5.3.6, table 1. Passwords: OWASP's floor for Argon2id, 19 MiB and
 * two passes. A credential's period is ours: NIST has none for tokens of 256 random bits.
 */
const periods: Readonly<Record<KeyRole, number>> = {
  master: year,
  wrapping: 2 * year,
  encryption: 2 * year,
  signing: 3 * year,
  authentication: 2 * year,
  mac: 2 * year,
  derivation: year,
  credential: 2 * year,
};

export const defaultPolicy: InventoryPolicy = {
  cryptoperiod_days: { ...periods },
  certificate_days: [30, 7, 1],
  least_modulus_bits: 2048,
  least_security_bits: 112,
  least_password_memory_kib: 19_456,
  least_password_passes: 2,
};

/** What was kept; the default for what no version of this program kept. */
export function readPolicy(text: string | undefined): InventoryPolicy {
  const read: unknown = text === undefined ? undefined : parseJson(text);
  if (!isJsonObject(read)) return defaultPolicy;
  const merged: JsonObject = { ...defaultPolicy, ...read };
  return Check(InventoryPolicy, merged) ? merged : defaultPolicy;
}

export function periodOf(policy: InventoryPolicy, role: KeyRole): number {
  return policy.cryptoperiod_days[role] ?? periods[role];
}
