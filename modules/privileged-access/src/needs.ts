import type { AccessPolicy } from '@sallyport/access-policy';
import type { JsonObject } from '@sallyport/contracts';
import type { Actor, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Client, Principal, SiteRole } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import type { CreatedPasskey, PasskeyAnswer } from './passkey-schema.ts';
import type { SeparationRule } from './separation.ts';

/** Somebody with an account, with the roles that are their own: what they hold for a time is not among them. */
export type Holder = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Each at one site alone: they ask for a right at this site, and approve none. */
  readonly siteRoles?: readonly SiteRole[];
  /** With those held at a site alone, which count for what nobody may hold together. */
  readonly rolesAnywhere?: readonly string[];
  /** They may sign in. */
  readonly isActive: boolean;
};

/** A session as somebody who decides about it must see it. */
export type AskingSession = {
  readonly id: string;
  readonly userId: string;
  readonly address: string;
  readonly agent: string;
  readonly signedInAtMs: number;
  readonly assurance: 1 | 2 | 3;
  /** Thumbprint of the key of the browser it is bound to. Undefined where a browser has none. */
  readonly browserKey?: string;
};

/** 0 to 100, and why. What is not fresh counts as 100. */
export type PersonRisk = { readonly value: number; readonly isFresh: boolean; readonly reasons: readonly string[] };

/** What stands in the ledger with the id of a grant. */
export type DoneWithGrant = {
  readonly entries: readonly {
    readonly position: string;
    readonly atMs: number;
    readonly action: string;
    readonly target: string;
    readonly outcome: 'success' | 'failure';
  }[];
  /** There is more than is listed. */
  readonly hasMore: boolean;
};

/** What identity found a passkey to be, for whoever keeps it. */
export type SealedPasskey = {
  /** Credential id, base64url. */
  readonly id: string;
  /** The host name it was made for; it is good for no other. */
  readonly hostName: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly aaguid?: string;
  readonly attestation?: string;
  readonly isAttested: boolean;
  readonly isBackupEligible?: boolean;
};

/** The ceremonies of passkeys that are kept here and sign nobody in by themselves, of identity. `roles` is what whoever uses one will hold. */
export type PasskeyCeremonies = {
  creationOptions(request: {
    readonly client: Client;
    readonly account: { readonly userId: string; readonly name: string };
    readonly known: readonly Pick<SealedPasskey, 'id'>[];
  }): Promise<object>;
  /** Throws `passkey_refused`, also where the organisation's rules refuse it. */
  accept(request: {
    readonly client: Client;
    readonly userId: string;
    readonly roles: readonly string[];
    readonly response: CreatedPasskey;
  }): Promise<{ readonly passkey: SealedPasskey; readonly challenge: string; readonly facts: JsonObject }>;
  requestOptions(client: Client): Promise<object>;
  /** Throws `passkey_refused`. What the rules say by now stands in the facts and refuses nobody. */
  verify(request: {
    readonly client: Client;
    readonly roles: readonly string[];
    readonly passkey: SealedPasskey;
    readonly response: PasskeyAnswer;
  }): Promise<{ readonly counter: number; readonly challenge: string; readonly facts: JsonObject }>;
  /** In the transaction that accepts the answer; false when it was used before. */
  spend(where: Transaction, challenge: string): Promise<boolean>;
  lookUp(
    passkey: SealedPasskey,
    roles: readonly string[],
  ): Promise<{
    readonly model?: string;
    readonly refusedBecause?: string;
    /** COSE (RFC 9053); undefined when the stored key cannot be read. */
    readonly algorithm: number | undefined;
  }>;
};

/** Accounts without roles and without a way of their own to sign in, of identity. */
export type SealedAccounts = {
  /** Active at once, holding nothing. Throws when somebody has the name. */
  create(
    transaction: Transaction,
    account: { readonly name: string; readonly by: Actor },
  ): Promise<{ readonly id: string }>;
  /** Whoever gave both codes, or one and a passkey, is signed in, in the transaction that spent them. */
  begin(
    transaction: Transaction,
    account: { readonly userId: string; readonly client: Client; readonly passkey?: JsonObject },
  ): Promise<{ readonly token: Secret; readonly sessionId: string; readonly browserKey?: string }>;
  /** Ends its sessions and disables it. */
  remove(account: { readonly userId: string; readonly by: Principal }): Promise<void>;
};

/** What somebody may do at best: everywhere, and at the sites where they hold something. */
export type AllowedNow = { readonly allowed: readonly string[] } & Pick<Principal, 'siteScopes'>;

export type PrivilegeNeeds = {
  /** Migrated with `privilegeMigrations`. */
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: reasons, names and addresses are kept sealed, and codes hashed with it. */
  readonly sealingKey: Uint8Array;
  readonly policy: Pick<AccessPolicy, 'permissionsOf' | 'roles'>;
  readonly people: {
    find(id: string): Promise<Holder | undefined>;
    list(): Promise<readonly Holder[]>;
  };
  /** Undefined once it has ended. */
  readonly session: (id: string) => Promise<AskingSession | undefined>;
  /** Undefined where nobody can tell. */
  readonly risk: (person: { readonly id: string; readonly name: string }) => PersonRisk | undefined;
  /** What was done with a grant, newest first. */
  readonly doneWith: (grant: {
    readonly id: string;
    readonly fromMs: number;
    readonly toMs: number;
  }) => Promise<DoneWithGrant>;
  readonly accounts: SealedAccounts;
  readonly passkeys: PasskeyCeremonies;
  /** Ends it, where it is good for nothing without its grant. */
  readonly endSession: (session: { readonly id: string; readonly by: Actor; readonly reason: string }) => Promise<void>;
  /** Stops keys that somebody made and that may do more than they may now; `effective` is to be called after the commit. */
  readonly suspendKeys: (
    transaction: Transaction,
    request: AllowedNow & { readonly makerId: string; readonly by: Principal | Actor },
  ) => Promise<{ effective(): void }>;
  /** A number outside the database, 0 before there is one: whoever puts older rows back into it is found out. Rejects when it cannot be told. */
  readonly mark: { read(): Promise<number>; write(number: number): Promise<void> };
  /** The same, of its own, for what sealed codes open: what becomes of rights leaves them as they are. */
  readonly codesMark: PrivilegeNeeds['mark'];
  /** Bundled. */
  readonly separation: readonly SeparationRule[];
  /** Something could not be written now and is tried again. */
  readonly onTrouble: (what: string, error: unknown) => void;
};
