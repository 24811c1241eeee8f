import type { Author } from '@sallyport/policy-library';
import { distinctAuthors } from '@sallyport/policy-library';
import { openingsOf } from './openings.ts';
import type { Opening } from './openings.ts';
import type { OwnStanding } from './own-standing.ts';
import type { OwnTried } from './own-tasks.ts';
import type { OwnThread } from './own-thread.ts';
import type { OwnVersion } from './own-version.ts';
import { refuseTried } from './refuse-tried.ts';

/** What putting a version into force would take. */
export type OwnProspect = {
  /** The version it is compared with. */
  readonly against: number;
  readonly openings: readonly Opening[];
  readonly widened: OwnTried['widened'];
  /** Whoever wrote or asks for it may not approve it; empty where nobody has to. */
  readonly secondPerson: readonly Author[];
  /** Why nobody can tell what is in force: then somebody else must approve whatever it holds. */
  readonly doubt?: string;
};

/** What is asked before a version may come into force. */
export function createOwnLook({
  thread,
  standing: standingNow,
}: {
  readonly thread: Pick<OwnThread, 'attempt' | 'read'>;
  readonly standing: () => Promise<OwnStanding>;
}) {
  /** What would be missing among `policies` of what cannot be read would seem to be none: it is said. */
  async function readInForce({ made }: OwnStanding) {
    if (made === undefined || made.texts.length === 0) return { policies: [] };
    const { policies, faults } = await thread.read(made.texts);
    const [fault] = faults;
    if (fault === undefined) return { policies };
    const doubt = `version ${made.version}, which is in force, cannot be read: "${fault.document}", line ${fault.line}: ${fault.message}`;
    return { policies, doubt };
  }

  /** Everything that is asked before it may come into force, asked anew: the product may have changed since it was staged. */
  async function look(made: OwnVersion) {
    const standing = await standingNow();
    const tried = await thread.attempt(made.texts);
    refuseTried(tried, made.version);
    const before = await readInForce(standing);
    return {
      standing,
      tried,
      openings: openingsOf(before.policies, tried.policies),
      /** Why nobody can tell what it would change, though it may be known which version is in force. */
      doubt: standing.doubt ?? before.doubt,
    };
  }

  return { look, readInForce };
}

/** Nobody is their own second person; the operator on this machine, who may do everything anyway, needs none. */
export function mayGain(made: OwnVersion, openings: readonly Opening[], by: Author): readonly Author[] {
  return openings.length === 0 ? [] : distinctAuthors([...made.authors, by]).filter(({ kind }) => kind !== 'operator');
}
