import { createHash } from 'node:crypto';
import {
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  schemaToJson,
  validate,
  type PolicyJson,
  type SchemaJson,
} from '@cedar-policy/cedar-wasm/nodejs';
import { allActions, allRoles, deviceActions, isRole, siteActions, type Role } from './actions.ts';
import { AccessPolicyError } from './errors.ts';
import type { PolicyTexts } from './policy-texts.ts';
import { asksWhetherKnown, readSpoken, schemaOfQuestions, type Spoken } from './spoken.ts';

export type RoleDescription = { readonly id: Role; readonly name: string; readonly words: string };

/** Policies that Cedar has validated and keeps, under the name `version`. */
export type LoadedPolicies = {
  /** SHA-256 of schema and policies. */
  readonly version: string;
  /** What a policy says, for people, by its id. */
  readonly words: ReadonlyMap<string, string>;
  /** Policies that forbid until a person proves anew who they are (`@proof("fresh")`). */
  readonly askingForProof: ReadonlySet<string>;
  /** Policies that rest on how much somebody is at risk (`@fact("risk")`). */
  readonly restingOnRisk: ReadonlySet<string>;
  readonly roles: readonly RoleDescription[];
  readonly spoken: Spoken;
};

type Failure = { readonly type: 'failure'; readonly errors: readonly { readonly message: string }[] };

/**
 * Takes nothing that Cedar does not validate strictly: a policy with a mistyped attribute would fail while deciding, and
 * Cedar skips what fails. Every policy has an `@id` and `@words`; every role of ours has exactly one policy of its own.
 * Throws `policy_invalid`.
 */
export function loadPolicies(texts: PolicyTexts): LoadedPolicies {
  const byId = new Map<string, string>();
  const words = new Map<string, string>();
  const roles = new Map<Role, RoleDescription>();
  const askingForProof = new Set<string>();
  const restingOnRisk = new Set<string>();
  const parsed: PolicyJson[] = [];
  for (const { file, text } of texts.policies) {
    const parts = policySetTextToParts(text);
    if (parts.type === 'failure') throw invalid(file, parts);
    if (parts.policy_templates.length > 0) throw invalid(file, 'it holds a template, must hold policies only');
    for (const policy of parts.policies) {
      const read = policyToJson(policy);
      if (read.type === 'failure') throw invalid(file, read);
      const { id, role, name, proof, fact, words: said } = read.json.annotations ?? {};
      if (id === undefined || said === undefined) throw invalid(file, 'each policy must have @id and @words');
      if (byId.has(id)) throw invalid(file, `policy "${id}" stands twice, must be unique`);
      byId.set(id, policy);
      parsed.push(read.json);
      const asked = asksWhetherKnown(read.json);
      if (asked !== undefined)
        throw invalid(file, `policy "${id}" asks whether "${asked}" is known, must not: not known is a no by itself`);
      words.set(id, said);
      if (proof !== undefined) {
        if (proof !== 'fresh' || read.json.effect !== 'forbid')
          throw invalid(file, `@proof of policy "${id}" must be "fresh", and on one that forbids`);
        askingForProof.add(id);
      }
      if (fact !== undefined) {
        if (fact !== 'risk') throw invalid(file, `@fact of policy "${id}" must be "risk"`);
        restingOnRisk.add(id);
      }
      if (role === undefined) continue;
      if (!isRole(role) || roles.has(role) || name === undefined)
        throw invalid(file, `@role("${role}") must be one of ${allRoles.join(', ')}, once, and have a @name`);
      roles.set(role, { id: role, name, words: said });
    }
  }
  const staticPolicies = Object.fromEntries(byId);
  const schema = readSchema(texts.schema);
  const answer = validate({
    schema: texts.schema,
    policies: { staticPolicies },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') throw invalid('the policies', answer);
  const [found] = [...answer.validationErrors, ...answer.validationWarnings];
  if (found !== undefined) throw invalid(`policy "${found.policyId}"`, found.error.message);
  const missing = allRoles.find((role) => !roles.has(role));
  if (missing !== undefined) throw invalid('the policies', `role "${missing}" has none, must have one with @role`);

  const version = createHash('sha256')
    .update(JSON.stringify([texts.schema, staticPolicies]))
    .digest('hex');
  for (const kept of [preparseSchema(version, schemaOfQuestions(schema)), preparsePolicySet(version, { staticPolicies })]) {
    if (kept.type === 'failure') throw invalid('the policies', kept);
  }
  return {
    version,
    words,
    askingForProof,
    restingOnRisk,
    roles: allRoles.flatMap((role) => roles.get(role) ?? []),
    spoken: readSpoken(parsed),
  };
}

/** The schema and the code must speak of the same actions: one missing in either would be denied to everybody unnoticed. */
function readSchema(schema: string): SchemaJson<string> {
  const read = schemaToJson(schema);
  if (read.type === 'failure') throw invalid('the schema', read);
  const declared = Object.keys(read.json['Sallyport']?.actions ?? {}).toSorted();
  const wanted = [...allActions, ...deviceActions];
  if (declared.join(' ') !== wanted.toSorted().join(' '))
    throw invalid('the schema', `its actions are ${declared.join(', ')}, must be ${wanted.join(', ')}`);
  const atSites = Object.entries(read.json['Sallyport']?.actions ?? {})
    .filter(([, { appliesTo }]) => appliesTo?.resourceTypes.includes('Site') === true)
    .map(([action]) => action);
  if (atSites.toSorted().join(' ') !== siteActions.toSorted().join(' '))
    throw invalid('the schema', `its actions at a site are ${atSites.join(', ')}, must be ${siteActions.join(', ')}`);
  return read.json;
}

function invalid(what: string, why: string | Failure): AccessPolicyError {
  const said = typeof why === 'string' ? why : why.errors.map((error) => error.message).join('; ');
  return new AccessPolicyError('policy_invalid', `Cannot load ${what}: ${said}`);
}
