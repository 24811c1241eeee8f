import { messageOf } from '@sallyport/platform/errors';
import { InForceUnreadable, OlderPolicies, UnreadableRow } from '@sallyport/policy-library';
import type { createMarkKeeper } from '@sallyport/policy-library';
import type { KeptVersion, OwnStore } from './own-store.ts';

/**
 * What should be in force. `doubt`: why nobody can tell; then two people, or the operator, put another into force in its place. `number`: that of the
 * version which cannot be read, where only that is in doubt.
 */
export type OwnStanding = {
  readonly version: number;
  readonly made?: KeptVersion;
  readonly doubt?: string;
  readonly number?: number;
};

/** Never throws for what was damaged or changed in the database; a database that does not answer is no damage. */
export async function standingNow(store: OwnStore, keeper: ReturnType<typeof createMarkKeeper>): Promise<OwnStanding> {
  const lost = await keeper.lost();
  // Before the row is read: it counts upwards alone, by this server and by others.
  const last = keeper.last();
  let standing: Awaited<ReturnType<OwnStore['standing']>>;
  try {
    standing = await store.standing();
  } catch (error) {
    if (!(error instanceof InForceUnreadable)) throw error;
    return { version: 0, doubt: messageOf(error) };
  }
  const { version, activations, digest } = standing;
  // An older row that was sealed once: compared with it, what came since and is taken away again would seem to open nothing.
  if (activations < last) return { version: 0, doubt: new OlderPolicies(activations, last).message };
  if (lost !== undefined) return { version: 0, doubt: lost };
  if (version === 0) return { version };
  try {
    const made = await store.version(version);
    if (made === undefined)
      return { version: 0, number: version, doubt: `version ${version}, which is in force, is gone` };
    if (made.digest !== digest)
      return { version: 0, number: version, doubt: `version ${version} is not what was put into force` };
    return { version, made };
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
    return { version: 0, number: version, doubt: messageOf(error) };
  }
}
