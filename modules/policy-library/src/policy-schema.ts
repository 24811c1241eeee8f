import { Type } from 'typebox';
import { documentLimits } from './policy-document.ts';
import type { Found } from './found-damage.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { Impact } from './policy-impact.ts';
import { PolicyTestBody } from './policy-test.ts';
import type { Tried } from './policy-tasks.ts';
import type { PolicyVersion, VersionSummary } from './policy-version.ts';
import type { Prospect } from './version-prospect.ts';

export const documentId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
export const versionNumber = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const text = Type.String();
const time = Type.String({ format: 'date-time' });
const Answer = Type.String({ description: '`allow`, `deny` or `needs_proof`' });

export const draftBody = {
  name: Type.String({ minLength: 1, maxLength: documentLimits.name }),
  text: Type.String({ maxLength: documentLimits.textBytes, description: 'Cedar; each policy with @id and @words' }),
  tests: Type.Optional(Type.Array(PolicyTestBody, { maxItems: documentLimits.tests })),
};

export const DocumentBody = Type.Object({
  id: text,
  name: text,
  revision: Type.Integer(),
  changed: time,
  changed_by: text,
  sha256: text,
  tests: Type.Integer(),
});
const damage = {
  why: text,
  found: Type.String({ format: 'date-time', description: 'By this server, first since it started' }),
};
export const DamagedDraftBody = Type.Object({ id: text, revision: Type.Integer(), ...damage });
export const DamagedVersionBody = Type.Object({ version: Type.Integer(), ...damage });
export const WholeDocumentBody = Type.Object({ document: DocumentBody, text, tests: Type.Array(PolicyTestBody) });

const Result = Type.Object({
  name: text,
  expect: Answer,
  got: Answer,
  passed: Type.Boolean(),
  reason: text,
  policies: Type.Array(text),
});
export const TriedBody = Type.Object({
  faults: Type.Array(Type.Object({ file: text, line: Type.Integer(), column: Type.Integer(), message: text })),
  policies: Type.Array(
    Type.Object({
      id: text,
      words: text,
      effect: Type.String({ description: '`permit` or `forbid`' }),
      file: text,
      line: Type.Integer(),
      role: Type.Optional(text),
    }),
  ),
  tests: Type.Array(Result),
  standing: Type.Array(Type.Object({ name: text, passed: Type.Boolean(), reason: text })),
});

export const VersionBody = Type.Object({
  version: versionNumber,
  state: Type.String({ description: '`staged`, `waiting`, `active`, `former` or `withdrawn`' }),
  made: time,
  made_by: text,
  note: text,
  sha256: text,
  bundled_sha256: text,
  from: Type.Optional(versionNumber),
  authors: Type.Array(text),
  asked_by: Type.Optional(text),
  approved_by: Type.Optional(text),
  activated: Type.Optional(time),
  documents: Type.Array(Type.Object({ id: text, name: text, sha256: text })),
});

export const ImpactBody = Type.Object({
  against: versionNumber,
  changes: Type.Array(
    Type.Object({
      action: text,
      site: Type.Optional(text),
      when: Type.Optional(text),
      from: Answer,
      to: Answer,
      count: Type.Integer(),
      subjects: Type.Array(Type.Object({ kind: text, id: text, name: text })),
    }),
  ),
  gaining: Type.Integer(),
  losing: Type.Integer(),
  subjects: Type.Integer({ description: 'People, keys and service accounts that were asked about' }),
  sites: Type.Integer(),
  partly: Type.Boolean({ description: 'There are too many to ask about all' }),
  opening_policies: Type.Array(text),
  in_doubt: Type.Optional(
    Type.String({
      description:
        'Why nobody can tell what is in force: it is compared with the bundled policies, and somebody else must approve',
    }),
  ),
  second_person: Type.Array(
    Type.Object(
      { name: text, policies: Type.Array(text) },
      { description: 'Who may gain: somebody else must approve' },
    ),
  ),
});

const iso = (ms: number): string => new Date(ms).toISOString();

export function shownDocument({ id, name, revision, changedMs, changedBy, hash, tests }: PolicyDocument) {
  return { id, name, revision, changed: iso(changedMs), changed_by: changedBy.name, sha256: hash, tests: tests.length };
}

export function shownDamage<One>({ foundMs, ...one }: Found<One>) {
  return { ...one, found: iso(foundMs) };
}

export function shownTried({ faults, policies, results, standing }: Tried) {
  return {
    faults: faults.map((one) => ({ ...one })),
    policies: policies.map(({ role, ...one }) => ({ ...one, ...(role === undefined ? {} : { role: role.id }) })),
    tests: results.flatMap(({ tests }) => tests.map((one) => ({ ...one, policies: [...one.policies] }))),
    standing: standing.map((one) => ({ ...one })),
  };
}

export function shownVersion(one: VersionSummary) {
  return {
    version: one.version,
    state: one.state,
    made: iso(one.madeMs),
    made_by: one.madeBy.name,
    note: one.note,
    sha256: one.hash,
    bundled_sha256: one.bundledHash,
    ...(one.from === undefined ? {} : { from: one.from }),
    authors: one.authors.map(({ name }) => name),
    ...(one.askedBy === undefined ? {} : { asked_by: one.askedBy.name }),
    ...(one.approvedBy === undefined ? {} : { approved_by: one.approvedBy.name }),
    ...(one.activatedMs === undefined ? {} : { activated: iso(one.activatedMs) }),
    documents: one.documents.map(({ id, name, hash }) => ({ id, name, sha256: hash })),
  };
}

export function shownTexts({ texts }: PolicyVersion) {
  return texts.map(({ id, name, text: written, tests }) => ({ id, name, text: written, tests: [...tests] }));
}

const maxChanges = 500;

export function shownProspect({ impact, against, openings, secondPerson, doubt }: Prospect) {
  const { changes, gaining, losing, subjects, sites, partly }: Impact = impact;
  return {
    against,
    changes: changes
      .slice(0, maxChanges)
      .map((one) => ({ ...one, subjects: one.subjects.map((each) => ({ ...each })) })),
    gaining,
    losing,
    subjects,
    sites,
    partly: partly || changes.length > maxChanges,
    opening_policies: [...openings],
    ...(doubt === undefined ? {} : { in_doubt: doubt }),
    second_person: secondPerson.map(({ name, policies }) => ({ name, policies: [...policies] })),
  };
}
