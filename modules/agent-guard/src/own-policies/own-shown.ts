import type { Author, Found } from '@sallyport/policy-library';
import { Type, type Static } from 'typebox';
import { ownLimits } from '../decisions/own-policy.ts';
import type { OwnScope, OwnTest } from '../decisions/own-policy.ts';
import { KeptTest, ScopeBody } from './own-schema.ts';
import type { OwnTried } from './own-tasks.ts';
import type { OwnDocument, OwnVersionSummary } from './own-version.ts';
import type { OwnProspect } from './own-prospect.ts';
import type { OwnDifference, ReplayedOwn } from './replay-own.ts';

const text = Type.String();
const Verdict = Type.Enum(['allow', 'ask', 'deny']);
const closed = { additionalProperties: false } as const;
const AuthorShown = Type.Object({ kind: text, id: text, name: text });

export const documentId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
export const versionNumber = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
export const agreedBody = Type.Object(
  {
    expected: Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'The version in force; 0: none' }),
    digest: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of the version, as it was shown' }),
  },
  closed,
);
export const noteBody = Type.Object(
  { note: Type.String({ maxLength: ownLimits.note }), from: Type.Optional(versionNumber) },
  closed,
);

export const ShownDocument = Type.Object({
  id: text,
  name: text,
  scope: ScopeBody,
  revision: Type.Integer(),
  changed_ms: Type.Integer(),
  changed_by: text,
  sha256: text,
  tests: Type.Integer(),
  in_force: Type.Boolean({ description: 'As it is in the version in force' }),
});
/** What is said of each that is not as it was sealed. */
export const damage = {
  why: text,
  found_ms: Type.Integer({ description: 'When this server found it, first since it started' }),
};
export const WholeDocument = Type.Object({ document: ShownDocument, text, tests: Type.Array(KeptTest) });

export const ShownTried = Type.Object({
  faults: Type.Array(Type.Object({ document: text, line: Type.Integer(), column: Type.Integer(), message: text })),
  policies: Type.Array(
    Type.Object({
      document: text,
      id: text,
      words: text,
      effect: Type.Enum(['permit', 'forbid']),
      asks: Type.Optional(Type.Integer({ description: 'Forbids until so many people say yes' })),
      line: Type.Integer(),
    }),
  ),
  tests: Type.Array(
    Type.Object({
      document: text,
      name: text,
      expect: Verdict,
      got: Verdict,
      passed: Type.Boolean(),
      reason: text,
      policies: Type.Array(text),
    }),
  ),
  standing: Type.Array(Type.Object({ name: text, passed: Type.Boolean(), reason: text })),
  widened: Type.Array(Type.Object({ scope: ScopeBody, action: text, policies: Type.Array(text) }), {
    description: 'What would go ahead without a question at the worst it can be',
  }),
});

const Counts = {
  calls: Type.Integer({ description: 'Calls looked at, the newest first' }),
  untold: Type.Integer({
    description: 'Of them those that cannot be judged again: their record says too little, or their agent is gone',
  }),
  agents: Type.Integer(),
  different: Type.Integer({ description: 'Of them those that would be answered otherwise than by what is in force' }),
  looser: Type.Integer({ description: 'Of those, how many would be let through sooner' }),
};
export const ShownVersion = Type.Object({
  version: Type.Integer(),
  state: Type.Enum(['staged', 'waiting', 'active', 'former', 'withdrawn']),
  made_ms: Type.Integer(),
  made_by: AuthorShown,
  note: text,
  digest: text,
  from: Type.Optional(Type.Integer()),
  authors: Type.Array(AuthorShown),
  asked_by: Type.Optional(AuthorShown),
  approved_by: Type.Optional(AuthorShown),
  activated_ms: Type.Optional(Type.Integer()),
  documents: Type.Array(Type.Object({ id: text, name: text, sha256: text })),
  openings: Type.Array(Type.Object({ id: text, kind: Type.Enum(['permit', 'forbid']) }), {
    description:
      'What may let calls through that were not: permits that are new or otherwise, forbids that are gone or otherwise',
  }),
  replay: Type.Optional(
    Type.Object({ ...Counts, against: Type.Integer(), last: Type.Integer(), at_ms: Type.Integer(), by: text }),
  ),
});

export const ShownReplayed = Type.Object({
  ...Counts,
  from_ms: Type.Optional(Type.Integer()),
  until_ms: Type.Optional(Type.Integer()),
  partly: Type.Boolean({ description: 'There are more kinds of differences than are shown' }),
  differences: Type.Array(
    Type.Object({
      agent: Type.Object({ id: text, name: text }),
      tool: text,
      server: Type.Optional(text),
      action: text,
      was: Verdict,
      now: Verdict,
      would: Verdict,
      reason: text,
      policies: Type.Array(text),
      calls: Type.Integer(),
      last_ms: Type.Integer(),
      position: Type.String({ description: 'The newest of them in the ledger' }),
    }),
  ),
  answers: Type.Optional(
    Type.Object(
      {
        answers: Type.Integer({ description: 'Answers looked at, the newest first' }),
        different: Type.Integer(),
        looser: Type.Integer({ description: 'Of those, how many would be trusted or read that are not now' }),
        partly: Type.Boolean(),
        differences: Type.Array(
          Type.Object({
            agent: Type.Object({ id: text, name: text }),
            tool: text,
            server: Type.Optional(text),
            about: Type.Enum(['trust', 'reveal']),
            found: Type.Optional(Type.String({ description: 'What stands in it: `secret aws-key`' })),
            now: Type.Boolean({ description: 'Trusted, or read as it stands, by what is in force' }),
            would: Type.Boolean(),
            answers: Type.Integer(),
            last_ms: Type.Integer(),
            position: text,
          }),
        ),
      },
      { description: 'Answers of tools that would be trusted, or read, otherwise' },
    ),
  ),
});
export const WholeVersion = Type.Object({
  version: ShownVersion,
  texts: Type.Array(Type.Object({ id: text, name: text, scope: ScopeBody, text, tests: Type.Array(KeptTest) })),
  replayed: Type.Optional(ShownReplayed),
});
export const ShownProspect = Type.Object({
  against: Type.Integer(),
  openings: Type.Array(Type.Object({ id: text, kind: Type.Enum(['permit', 'forbid']), words: text })),
  widened: Type.Array(Type.Object({ scope: ScopeBody, action: text, policies: Type.Array(text) })),
  second_person: Type.Array(text, { description: 'Who may not approve it; empty where nobody has to' }),
  doubt: Type.Optional(text),
});

/** Typebox's records hold anything; what is in a call is JSON. */
export function shownTest(test: OwnTest): Static<typeof KeptTest> {
  return { ...test, input: { ...test.input } };
}

export function shownDocument(
  { id, name, scope, revision, changedMs, changedBy, hash, tests }: OwnDocument,
  inForce: ReadonlySet<string>,
): Static<typeof ShownDocument> {
  return {
    id,
    name,
    scope: shownScope(scope),
    revision,
    changed_ms: changedMs,
    changed_by: changedBy.name,
    sha256: hash,
    tests: tests.length,
    in_force: inForce.has(`${id} ${hash}`),
  };
}

export function shownDamage<One>({ foundMs, ...one }: Found<One>) {
  return { ...one, found_ms: foundMs };
}

export function shownTried({ faults, policies, results, standing, widened }: OwnTried): Static<typeof ShownTried> {
  return {
    faults: faults.map((fault) => ({ ...fault })),
    policies: policies.map(({ document, id, words, effect, asks, line }) => ({
      document,
      id,
      words,
      effect,
      line,
      ...(asks === undefined ? {} : { asks }),
    })),
    tests: results.flatMap(({ id, tests }) =>
      tests.map(({ policies: by, ...test }) => ({ document: id, ...test, policies: [...by] })),
    ),
    standing: standing.map((one) => ({ ...one })),
    widened: shownWidened(widened),
  };
}

export function shownVersion(made: OwnVersionSummary): Static<typeof ShownVersion> {
  const { version, state, madeMs, madeBy, note, digest, from, authors, askedBy, approvedBy, activatedMs } = made;
  const { documents, openings, replay } = made;
  return {
    version,
    state,
    made_ms: madeMs,
    made_by: shownAuthor(madeBy),
    note,
    digest,
    ...(from === undefined ? {} : { from }),
    authors: authors.map(shownAuthor),
    ...(askedBy === undefined ? {} : { asked_by: shownAuthor(askedBy) }),
    ...(approvedBy === undefined ? {} : { approved_by: shownAuthor(approvedBy) }),
    ...(activatedMs === undefined ? {} : { activated_ms: activatedMs }),
    documents: documents.map(({ id, name, hash }) => ({ id, name, sha256: hash })),
    openings: openings.map((one) => ({ ...one })),
    ...(replay === undefined ? {} : { replay: shownSummary(replay) }),
  };
}

function shownSummary(replay: NonNullable<OwnVersionSummary['replay']>) {
  const { calls, untold, agents, different, looser, against, last, atMs, by } = replay;
  return { calls, untold, agents, different, looser, against, last, at_ms: atMs, by: by.name };
}

export function shownReplayed({ fromMs, untilMs, isPartly, differences, answers, ...counts }: ReplayedOwn) {
  const { calls, untold, agents, different, looser } = counts;
  return {
    calls,
    untold,
    agents,
    different,
    looser,
    ...(fromMs === undefined ? {} : { from_ms: fromMs }),
    ...(untilMs === undefined ? {} : { until_ms: untilMs }),
    partly: isPartly,
    differences: differences.map(shownDifference),
    ...(answers === undefined ? {} : { answers: shownAnswers(answers) }),
  };
}

function shownAnswers({ answers, different, looser, isPartly, differences }: NonNullable<ReplayedOwn['answers']>) {
  return {
    answers,
    different,
    looser,
    partly: isPartly,
    differences: differences.map(({ lastMs, agent, ...one }) => ({ ...one, agent: { ...agent }, last_ms: lastMs })),
  };
}

function shownDifference({ lastMs, policies, agent, ...rest }: OwnDifference) {
  return { ...rest, agent: { ...agent }, policies: [...policies], last_ms: lastMs };
}

export function shownProspect(prospect: OwnProspect): Static<typeof ShownProspect> {
  const { against, openings, widened, secondPerson, doubt } = prospect;
  return {
    against,
    openings: openings.map((one) => ({ ...one })),
    widened: shownWidened(widened),
    second_person: [...new Set(secondPerson.map(({ name }) => name))],
    ...(doubt === undefined ? {} : { doubt }),
  };
}

function shownWidened(widened: OwnTried['widened']) {
  return widened.map(({ scope, action, policies }) => ({ scope: shownScope(scope), action, policies: [...policies] }));
}

export function shownScope(scope: OwnScope): Static<typeof ScopeBody> {
  return { ...scope };
}

function shownAuthor({ kind, id, name }: Author) {
  return { kind, id, name };
}
