import { createHash, randomUUID } from 'node:crypto';
import type { SchemaJson } from '@cedar-policy/cedar-wasm/nodejs';
import { allActions, allRoles, kindActions, siteActions } from './actions.ts';
import { noSchema } from './engine.ts';
import { engineMemory } from './engine-memory.ts';
import { AccessPolicyError } from './errors.ts';
import type { PolicyTexts } from './policy-texts.ts';
import { readPolicies, type ReadPolicy } from './read-policies.ts';
import { readSpoken, schemaOfQuestions, type Spoken } from './spoken.ts';
import { engine } from './thread-engine.ts';

/** `own`: made by a policy of the organisation. */
export type RoleDescription = {
  readonly id: string;
  readonly name: string;
  readonly words: string;
  readonly own: boolean;
};

/** Policies that Cedar has validated and keeps, under a name of their own. */
export type LoadedPolicies = {
  /** SHA-256 of schema and policies. */
  readonly version: string;
  /** Under which Cedar keeps them; no two that were loaded have the same. */
  readonly keptAs: string;
  readonly policies: ReadonlyMap<string, ReadPolicy>;
  /** What a policy says, for people, by its id. */
  readonly words: ReadonlyMap<string, string>;
  /** Policies that forbid until a person proves anew who they are (`@proof("fresh")`). */
  readonly askingForProof: ReadonlySet<string>;
  /** Policies that rest on how much somebody is at risk (`@fact("risk")`). */
  readonly restingOnRisk: ReadonlySet<string>;
  /** Those that come with the product first. */
  readonly roles: readonly RoleDescription[];
  readonly spoken: Spoken;
  /** Some policy asks where from or when. */
  readonly asksForMoment: boolean;
  /** Under which Cedar keeps each of these by itself as well: `keptAs/ID`. */
  readonly keptAlone: readonly string[];
  /** Some policy rests on how much somebody is at risk, and does not only ask for a proof. */
  readonly deniesByRisk: boolean;
};

type Failure = { readonly type: 'failure'; readonly errors: readonly { readonly message: string }[] };

/**
 * Takes nothing that Cedar does not validate strictly: a policy with a mistyped attribute would fail while deciding, and
 * Cedar skips what fails. Every policy has an `@id` and `@words`; every role of ours has exactly one policy of its own.
 * Throws `policy_invalid`.
 */
export function loadPolicies(texts: PolicyTexts): LoadedPolicies {
  const given = readSchema(texts.schema);
  const { schema, policies, faults } = readPolicies(texts);
  const [fault] = faults;
  if (fault !== undefined)
    throw new AccessPolicyError('policy_invalid', `Cannot load ${fault.file}: ${fault.message}`, {
      details: { file: fault.file, line: fault.line, column: fault.column },
    });
  const found = policies.flatMap(({ role, words, own }) => (role === undefined ? [] : [{ ...role, words, own }]));
  const missing = allRoles.find((role) => !found.some(({ id }) => id === role));
  if (missing !== undefined) throw invalid('the policies', `role "${missing}" has none, must have one with @role`);

  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  const version = createHash('sha256')
    .update(JSON.stringify([texts.schema, staticPolicies]))
    .digest('hex');
  const keptAs = `${version}/${randomUUID()}`;
  const extended = schema === texts.schema ? given : readSchema(schema);
  const alone = policies.filter(({ json }) => asksForMoment(readSpoken([json])));
  for (const kept of [
    engine.preparseSchema(keptAs, schemaOfQuestions(extended)),
    engine.preparsePolicySet(keptAs, { staticPolicies }),
    ...alone.map(({ id, text }) => engine.preparsePolicySet(`${keptAs}/${id}`, { staticPolicies: { [id]: text } })),
  ]) {
    if (kept.type === 'failure') throw invalid('the policies', kept);
  }
  const spoken = readSpoken(policies.map(({ json }) => json));
  const saying = (annotation: 'proof' | 'fact'): ReadonlySet<string> =>
    new Set(policies.filter(({ json }) => json.annotations?.[annotation] !== undefined).map(({ id }) => id));
  return {
    version,
    keptAs,
    policies: new Map(policies.map((policy) => [policy.id, policy])),
    words: new Map(policies.map(({ id, words }) => [id, words])),
    askingForProof: saying('proof'),
    restingOnRisk: saying('fact'),
    roles: [
      ...allRoles.flatMap((role) => found.find(({ id }) => id === role) ?? []),
      ...found.filter(({ own }) => own),
    ],
    spoken,
    asksForMoment: asksForMoment(spoken),
    keptAlone: alone.map(({ id }) => `${keptAs}/${id}`),
    deniesByRisk: policies.some(({ json }) => {
      const { attributes } = readSpoken([json]);
      return json.annotations?.['proof'] === undefined && (attributes.has('risk') || attributes.has('riskFresh'));
    }),
  };
}

/** Cedar keeps what it was given for as long as the process runs: what is not needed any more gives way to nothing. */
export function releasePolicies({ keptAs, keptAlone }: Pick<LoadedPolicies, 'keptAs' | 'keptAlone'>): void {
  for (const kept of [keptAs, ...keptAlone]) engine.preparsePolicySet(kept, { staticPolicies: {} });
  engine.preparseSchema(keptAs, noSchema);
}

function asksForMoment({ attributes }: Spoken): boolean {
  return ['address', 'hour', 'weekday'].some((fact) => attributes.has(fact));
}

/** The schema and the code must speak of the same actions: one missing in either would be denied to everybody unnoticed. */
function readSchema(schema: string): SchemaJson<string> {
  const known = engineMemory.schemas.get(schema);
  if (known !== undefined) return known;
  const read = engine.schemaToJson(schema);
  if (read.type === 'failure') throw invalid('the schema', read);
  const declared = Object.keys(read.json['Sallyport']?.actions ?? {}).toSorted();
  const wanted = [...allActions, ...kindActions];
  if (declared.join(' ') !== wanted.toSorted().join(' '))
    throw invalid('the schema', `its actions are ${declared.join(', ')}, must be ${wanted.join(', ')}`);
  const atSites = Object.entries(read.json['Sallyport']?.actions ?? {})
    .filter(([, { appliesTo }]) => appliesTo?.resourceTypes.includes('Site') === true)
    .map(([action]) => action);
  if (atSites.toSorted().join(' ') !== siteActions.toSorted().join(' '))
    throw invalid('the schema', `its actions at a site are ${atSites.join(', ')}, must be ${siteActions.join(', ')}`);
  engineMemory.schemas.set(schema, read.json);
  return read.json;
}

function invalid(what: string, why: string | Failure): AccessPolicyError {
  const said = typeof why === 'string' ? why : why.errors.map((error) => error.message).join('; ');
  return new AccessPolicyError('policy_invalid', `Cannot load ${what}: ${said}`);
}
