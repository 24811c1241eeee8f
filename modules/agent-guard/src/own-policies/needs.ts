import type { Author, InForceMark, SealedStoreNeeds } from '@sallyport/policy-library';
import type { Principal } from '@sallyport/platform/http';
import type { PackFile } from '../decisions/load-pack.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { PastCalls } from '../past-calls/replay-calls.ts';
import type { OwnThread } from './own-thread.ts';

export type OwnPoliciesNeeds = SealedStoreNeeds &
  Pick<AgentGuardNeeds, 'outbox' | 'clock' | 'columnKeys' | 'owner' | 'log'> & {
    /** The schema, and the packs that come with the product. */
    readonly files: readonly PackFile[];
    readonly pastCalls: PastCalls;
    /** How often policies were put into force, kept outside the database. */
    readonly mark: InForceMark;
    readonly every: (intervalMs: number, task: () => void) => () => void;
    /** Where policies are tried, of whoever hands it in; one of its own where there is none. */
    readonly thread?: OwnThread;
  };

/** Who writes or asks, with the person behind a key or service account: whoever holds it is the same person under another name. */
export async function authorOf({ owner }: Pick<AgentGuardNeeds, 'owner'>, by: Principal): Promise<Author> {
  const { kind, id, name } = by;
  if (kind !== 'key' && kind !== 'service') return { kind, id, name };
  const person = (await owner({ kind, id }))?.person;
  return { kind, id, name, ...(person === undefined ? {} : { owner: person }) };
}
