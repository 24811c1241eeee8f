import type { JWK } from 'jose';

/** A program with an account of its own: its name and purpose, who answers for it, and what it may do. */
export type ServiceAccount = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** The person who answers for it: when they are disabled or may do less than it, it stops. */
  readonly ownerId: string;
  readonly scopes: readonly string[];
  /** Everywhere when undefined. */
  readonly sites?: readonly string[];
  /** Its tokens must be bound to a key or certificate: a copied one is of no use. */
  readonly boundOnly: boolean;
  readonly createdAtMs: number;
  /** `user/<id>` or `operator/<id>`. */
  readonly createdBy: string;
  readonly expiresAtMs?: number;
  readonly suspendedAtMs?: number;
  readonly suspendedFor?: 'owner' | 'by-hand';
  /** Rounded down to the minute, and up to a minute late. */
  readonly lastUsedAtMs?: number;
};

/** What an account proves itself with. */
export type CredentialFacts =
  | {
      readonly kind: 'secret';
      /** Its first characters, by which people tell secrets apart. */
      readonly prefix: string;
    }
  | {
      readonly kind: 'public-key';
      readonly jwk: JWK;
      readonly algorithm: string;
      /** RFC 7638; also the `kid` where the key has none of its own. */
      readonly thumbprint: string;
    }
  | {
      /** One certificate, whoever issued it (RFC 8705 section 2.2). */
      readonly kind: 'certificate';
      readonly thumbprint: string;
      readonly subject: string;
      readonly notAfterMs: number;
    }
  | {
      /** Whatever certificate this authority issues to this name (RFC 8705 section 2.1). */
      readonly kind: 'certificate-name';
      readonly authorityPem: string;
      readonly authoritySubject: string;
      readonly name: { readonly type: 'subject' | 'san_dns' | 'san_uri'; readonly value: string };
    };

export type Credential = CredentialFacts & {
  readonly id: string;
  readonly label: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs?: number;
  readonly lastUsedAtMs?: number;
};

/** Why an account gets no token and its tokens are good for nothing; undefined when nothing stands against it. */
export function endOf(account: ServiceAccount, nowMs: number): 'service_suspended' | 'service_expired' | undefined {
  if (account.suspendedAtMs !== undefined) return 'service_suspended';
  return account.expiresAtMs !== undefined && account.expiresAtMs <= nowMs ? 'service_expired' : undefined;
}
