import { messageOf } from '@sallyport/platform/errors';
import { InForceUnreadable, OlderPolicies, UnreadableRow } from './in-force-mark.ts';
import type { createMarkKeeper } from './in-force-mark.ts';
import type { Standing } from './in-force-row.ts';

/**
 * What should be in force. `doubt`: why nobody can tell; then two people, or the operator, put another into force in its place. `number`: that of the
 * version which cannot be read, where only that is in doubt.
 */
export type StandingNow<Made> = {
  readonly version: number;
  readonly made?: Made;
  readonly doubt?: string;
  readonly number?: number;
};

/** Never throws for what was damaged or changed in the database; a database that does not answer is no damage. */
export async function standingNow<Made>(
  store: {
    /** Throws `InForceUnreadable`. */
    standing(): Promise<Standing>;
    /** Throws `UnreadableRow`. */
    version(version: number): Promise<Made | undefined>;
  },
  keeper: ReturnType<typeof createMarkKeeper>,
  digestOf: (made: Made) => string,
): Promise<StandingNow<Made>> {
  const lost = await keeper.lost();
  // Before the row is read: it counts upwards alone, by this server and by others.
  const last = keeper.last();
  let standing: Standing;
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
    if (digestOf(made) !== digest)
      return { version: 0, number: version, doubt: `version ${version} is not what was put into force` };
    return { version, made };
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
    return { version: 0, number: version, doubt: messageOf(error) };
  }
}
