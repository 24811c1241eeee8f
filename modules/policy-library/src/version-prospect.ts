import type { PolicyTexts } from '@sallyport/access-policy';
import { distinctAuthors } from './authors.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import type { Author, PolicyText } from './policy-document.ts';
import type { Impact } from './policy-impact.ts';
import { textsToMend, textsWith } from './policy-set.ts';
import type { PolicyTask } from './policy-tasks.ts';
import type { PolicyThread, Watch } from './policy-thread.ts';
import type { KeptVersion, PolicyVersion } from './policy-version.ts';
import { refuseHeldRoles, refuseTried } from './refuse-version.ts';
import { findOpenings, ownGain } from './second-person.ts';
import type { StandingNow } from './standing-now.ts';

/** What putting a version into force takes, and what it would change. */
export type Prospect = {
  readonly impact: Impact;
  /** The version it is compared with. */
  readonly against: number;
  /** Ids of policies that may open something: permits that are new or otherwise, forbids that are gone or otherwise. */
  readonly openings: readonly string[];
  /** Why somebody else must approve; empty where nobody must. */
  readonly secondPerson: readonly { readonly name: string; readonly policies: readonly string[] }[];
  /** Why nobody can tell what is in force: it is compared with the bundled policies, and somebody else must approve whatever it holds. */
  readonly doubt?: string;
};

export type Looked = Awaited<ReturnType<ReturnType<typeof createLook>>>;

export function taskOf(bundled: PolicyTexts, own: readonly PolicyText[]): Pick<PolicyTask, 'texts' | 'tests'> {
  return {
    texts: textsWith(bundled, own),
    tests: own.map(({ id, name, tests }) => ({ id, name, tests })),
  };
}

/** Everything that is asked before a version may come into force, asked anew: people, keys and the product may have changed since it was staged. */
export function createLook(
  needs: Pick<PolicyLibraryNeeds, 'bundled' | 'subjects' | 'sites'>,
  parts: {
    readonly thread: Pick<PolicyThread, 'attempt'>;
    readonly standing: () => Promise<StandingNow<KeptVersion>>;
    /** What should be in force is not, since it cannot be read. */
    readonly isUnreadable: () => boolean;
  },
) {
  return async (made: PolicyVersion, watch: Watch = {}) => {
    const standing = await parts.standing();
    const before = textsWith(needs.bundled, standing.made?.texts ?? []);
    const [subjects, sites] = [await needs.subjects(), await needs.sites()];
    const task = {
      ...taskOf(needs.bundled, made.texts),
      compare: { texts: parts.isUnreadable() ? textsToMend(needs.bundled) : before, subjects, sites },
    };
    const tried = await parts.thread.attempt(task, watch);
    refuseTried(tried, made.version);
    refuseHeldRoles(task.texts, subjects, made.version);
    const { openings, fault } = findOpenings(before, task.texts);
    /** Why nobody can tell what it would change, though it may be known which version is in force. */
    const doubt =
      standing.doubt ??
      (fault === undefined
        ? undefined
        : `version ${standing.version}, which is in force, cannot be read: ${fault.file}, line ${fault.line}: ${fault.message}`);
    return { standing, doubt, subjects, texts: task.texts, tried, openings };
  };
}

/** Whose own gain it may be: then somebody else must agree. */
export function gainsOf(
  made: PolicyVersion,
  { openings, subjects }: Pick<Looked, 'openings' | 'subjects'>,
  by: Author,
) {
  return distinctAuthors([...made.authors, by]).flatMap((who) => {
    const gained = ownGain(who, openings, subjects);
    return gained.length === 0 ? [] : [{ who, policies: [...new Set(gained.map(({ id }) => id))] }];
  });
}
