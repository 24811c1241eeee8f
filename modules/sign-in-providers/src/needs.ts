import type { AccessPolicy } from '@sallyport/access-policy';
import type { PeopleServices } from '@sallyport/identity';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { ColumnKeys, EncryptedColumnError } from '@sallyport/platform/encrypted-columns';
import type { FirebasePlace } from './firebase/firebase-tokens.ts';
import type { AskProvider } from './outgoing/ask-provider.ts';

export type SignInProviderNeeds = {
  /** Migrated with `signInProviderMigrations`. */
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Of settings, secrets, keys, links. */
  readonly columnKeys: ColumnKeys;
  /** 32 secret bytes, the same at every start: what a browser carries from going to a provider until coming back is sealed with it. */
  readonly key: Uint8Array;
  readonly policy: Pick<AccessPolicy, 'permissionsOf' | 'roles'>;
  readonly people: Pick<PeopleServices, 'provided' | 'admission' | 'sessions'>;
  readonly deadline: (ms: number) => AbortSignal;
  readonly onDamaged?: (damage: EncryptedColumnError) => void;
  /** Another way out than the network; for tests. */
  readonly ask?: AskProvider;
  readonly firebase?: FirebasePlace;
};
