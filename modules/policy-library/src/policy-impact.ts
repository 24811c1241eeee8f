import { allActions, siteActions } from '@sallyport/access-policy';
import type { AccessPolicy } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import { momentsOf } from './moments.ts';
import { answerOf } from './policy-test.ts';
import type { Answer } from './policy-test.ts';
import { requestOf } from './question.ts';

/** Somebody there is. Whoever has signed in with two factors, or a key as it was made. */
export type Subject = Pick<Principal, 'id' | 'name' | 'roles' | 'siteRoles' | 'scopes' | 'sites' | 'onBehalfOf'> & {
  readonly kind: 'user' | 'key' | 'service';
  /** Of a key or service account: the person who made it or answers for it; `operator` where the operator made it. */
  readonly ownerId?: string;
};

/** Something that would be answered otherwise, and for whom. */
export type Change = {
  readonly action: string;
  /** Undefined: everywhere. */
  readonly site?: string;
  /** Only when things are so; undefined: as they mostly are. */
  readonly when?: string;
  readonly from: Answer;
  readonly to: Answer;
  readonly count: number;
  /** The first of them. */
  readonly subjects: readonly { readonly kind: string; readonly id: string; readonly name: string }[];
};

export type Impact = {
  readonly changes: readonly Change[];
  /** How many people, keys and service accounts gain something, and how many lose something. */
  readonly gaining: number;
  readonly losing: number;
  readonly subjects: number;
  readonly sites: number;
  readonly questions: number;
  /** Some were not asked about: there are too many people, keys and sites to ask about all of them. */
  readonly partly: boolean;
};

const rank: Readonly<Record<Answer, number>> = { deny: 0, needs_proof: 1, allow: 2 };
const maxQuestions = 200_000;
const shownSubjects = 200;
const maxSites = 100;
const asTheyMostlyAre = () => ({ kind: 'phone', approved: true, quietSeconds: 0 });

/**
 * What would be answered otherwise by `after` than by `before`: for everybody there is, every action, here and at every site. Whoever differs in nothing
 * that policies look at is asked about once.
 */
export function findImpact(input: {
  readonly before: Pick<AccessPolicy, 'decide'>;
  readonly after: Pick<AccessPolicy, 'decide'>;
  /** The organisation's texts in both: who is named there is told from others, and what they look at is tried. */
  readonly texts: string;
  readonly subjects: readonly Subject[];
  readonly sites: readonly string[];
  readonly onProgress?: (done: number, of: number) => void;
}): Impact {
  const { before, after, texts, subjects, sites: allSites } = input;
  const sites = allSites.slice(0, maxSites);
  const alike = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const named = texts.includes(JSON.stringify(subject.id)) ? subject.id : '';
    const { kind, roles = [], siteRoles = [], scopes, onBehalfOf } = subject;
    const isBehindNamed = onBehalfOf !== undefined && texts.includes(JSON.stringify(onBehalfOf.id));
    const behind = onBehalfOf && [onBehalfOf.roles, onBehalfOf.siteRoles, isBehindNamed ? onBehalfOf.id : ''];
    const key = JSON.stringify([
      kind,
      named,
      roles.toSorted(),
      siteRoles,
      kind === 'user' ? [] : scopes,
      subject.sites ?? null,
      behind ?? null,
    ]);
    const others = alike.get(key);
    if (others === undefined) alike.set(key, [subject]);
    else others.push(subject);
  }
  const places: readonly (string | undefined)[] = [undefined, ...sites];
  const moments = [undefined, ...momentsOf(texts)];
  const found = new Map<string, { change: Omit<Change, 'count' | 'subjects'>; subjects: Subject[] }>();
  const gains = new Set<Subject>();
  const loses = new Set<Subject>();
  const groups = [...alike.values()];
  const everything = places.flatMap((site) =>
    (site === undefined ? allActions : siteActions).flatMap((action) =>
      moments
        .filter((moment) => moment?.about === undefined || siteActions.some((one) => one === action))
        .map((moment) => ({ site, action, moment })),
    ),
  );
  let questions = 0;
  let asked = 0;
  for (const group of groups) {
    const [first] = group;
    if (first === undefined || questions + everything.length > maxQuestions) break;
    asked += 1;
    for (const { site, action, moment } of everything) {
      questions += 1;
      const request = requestOf({
        principal: {
          kind: first.kind,
          ...(moment?.assurance === undefined ? {} : { assurance: moment.assurance }),
        },
        action,
        ...(moment?.about !== undefined
          ? { resource: { ...moment.about, ...(site === undefined ? {} : { site }) } }
          : site === undefined
            ? {}
            : { resource: { kind: 'site', id: site } }),
        facts: { ...moment?.facts },
      });
      const vouched = moment?.provider === undefined ? {} : { provider: moment.provider };
      const principal: Principal = { ...request.principal, ...first, ...vouched };
      const from = answerOf(before.decide({ ...request, principal, factsOf: asTheyMostlyAre }));
      const to = answerOf(after.decide({ ...request, principal, factsOf: asTheyMostlyAre }));
      if (from === to) continue;
      const key = JSON.stringify([action, site ?? null, moment?.when ?? '', from, to]);
      const entry = found.get(key) ?? {
        change: {
          action,
          ...(site === undefined ? {} : { site }),
          ...(moment === undefined ? {} : { when: moment.when }),
          from,
          to,
        },
        subjects: [],
      };
      entry.subjects.push(...group);
      found.set(key, entry);
      for (const subject of group) (rank[to] > rank[from] ? gains : loses).add(subject);
    }
    input.onProgress?.(asked, groups.length);
  }
  const isSaid = (change: Omit<Change, 'count' | 'subjects'>): boolean =>
    change.when === undefined ||
    // Said already of how things mostly are.
    !found.has(JSON.stringify([change.action, change.site ?? null, '', change.from, change.to]));
  const isEverywhere = (change: Omit<Change, 'count' | 'subjects'>, count: number): boolean =>
    change.site !== undefined &&
    found.get(JSON.stringify([change.action, null, change.when ?? '', change.from, change.to]))?.subjects.length ===
      count;
  return {
    changes: [...found.values()]
      .filter(({ change, subjects: whom }) => isSaid(change) && !isEverywhere(change, whom.length))
      .map(({ change, subjects: whom }) => ({
        ...change,
        count: whom.length,
        subjects: whom.slice(0, shownSubjects).map(({ kind, id, name }) => ({ kind, id, name })),
      })),
    gaining: gains.size,
    losing: loses.size,
    subjects: subjects.length,
    sites: sites.length,
    questions,
    partly: asked < groups.length || allSites.length > sites.length,
  };
}
