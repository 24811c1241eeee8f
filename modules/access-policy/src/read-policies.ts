import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { depthOf, expressionDepth, indexOfByte, placeIn, sayError } from '@sallyport/platform/cedar-text';
import { allRoles, isRole } from './actions.ts';
import { engineMemory, type EngineMemory } from './engine-memory.ts';
import { ownPolicyLimits, refuseOwnPolicy } from './own-policy-rules.ts';
import type { PolicyTexts } from './policy-texts.ts';
import { refuseMoments } from './moment-cells.ts';
import { asksWhetherKnown, readSpoken } from './spoken.ts';
import { engine } from './thread-engine.ts';

/** Where a text cannot be used, and why. Line and column begin at 1. */
export type PolicyFault = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

export type ReadPolicy = {
  readonly file: string;
  readonly own: boolean;
  readonly line: number;
  readonly id: string;
  /** For people. */
  readonly words: string;
  readonly effect: 'permit' | 'forbid';
  /** The role whose policy this is, with the name people call it by. */
  readonly role?: { readonly id: string; readonly name: string };
  readonly text: string;
  readonly json: PolicyJson;
};

export type ReadPolicies = {
  /** The schema, with the roles of the organisation among those that may be named. */
  readonly schema: string;
  readonly policies: readonly ReadPolicy[];
  readonly faults: readonly PolicyFault[];
};

type Placed = { readonly file: string; readonly text: string; readonly offset: number };

/**
 * Reads every policy and finds what is wrong with each, with its place. Text that somebody writes is read in a thread of its own first: a chain of
 * clauses can be deeper than a stack.
 */
export function readPolicies(texts: PolicyTexts, memory: EngineMemory = engineMemory): ReadPolicies {
  const faults: PolicyFault[] = [];
  const read = new Map<string, ReadPolicy & { readonly placed: Placed }>();
  const roles = new Map<string, string>();

  const ownBytes = texts.policies.reduce((sum, { text, own }) => sum + (own === true ? Buffer.byteLength(text) : 0), 0);
  for (const { file, text, own = false } of texts.policies) {
    const at = (message: string, offset = 0): void => {
      faults.push({ file, ...placeIn(text, offset), message });
    };
    if (own) {
      const size = Buffer.byteLength(text);
      if (size > ownPolicyLimits.textBytes || ownBytes > ownPolicyLimits.allBytes) {
        at(
          `it has ${size} bytes of ${ownBytes} in all, must be at most ${ownPolicyLimits.textBytes} of ${ownPolicyLimits.allBytes}`,
        );
        continue;
      }
      if (depthOf(text) > ownPolicyLimits.depth) {
        at(`its brackets and conditions go deeper than ${ownPolicyLimits.depth}`);
        continue;
      }
    }
    const parts = engine.policySetTextToParts(text);
    if (parts.type === 'failure') {
      for (const error of parts.errors) at(sayError(error), indexOfByte(text, error.sourceLocations?.[0]?.start ?? 0));
      continue;
    }
    if (parts.policy_templates.length > 0) at('it holds a template, must hold policies only');
    for (const policy of parts.policies) {
      const offset = Math.max(0, text.indexOf(policy));
      const json = jsonOf(policy, memory);
      if (Array.isArray(json)) {
        for (const error of json) at(sayError(error), offset);
        continue;
      }
      const { id, role, name, proof, fact, words } = json.annotations ?? {};
      if (id === undefined || id === null || words === undefined || words === null) {
        at('each policy must have @id and @words', offset);
        continue;
      }
      const before = read.get(id);
      if (before !== undefined) {
        at(`policy "${id}" stands twice, must be unique`, offset);
        continue;
      }
      const refusal = own ? refuseOwnPolicy(json, Buffer.byteLength(policy)) : undefined;
      if (refusal !== undefined) at(refusal, offset);
      // What looks at it next goes as deep as it is.
      if (own && expressionDepth(json) > ownPolicyLimits.expressions) continue;
      const asked = asksWhetherKnown(json);
      if (asked !== undefined)
        at(`policy "${id}" asks whether "${asked}" is known, must not: not known is a no by itself`, offset);
      if (proof !== undefined && (proof !== 'fresh' || json.effect !== 'forbid'))
        at(`@proof of policy "${id}" must be "fresh", and on one that forbids`, offset);
      if (fact !== undefined && fact !== 'risk') at(`@fact of policy "${id}" must be "risk"`, offset);
      if (role !== undefined) {
        const isTaken = role === null || roles.has(role) || (own ? isRole(role) : !isRole(role));
        if (isTaken || name === undefined || name === null)
          at(
            own
              ? `@role("${role ?? ''}") must be a role of your own, that no other policy makes, and have a @name`
              : `@role("${role ?? ''}") must be one of ${allRoles.join(', ')}, once, and have a @name`,
            offset,
          );
        else roles.set(role, name);
      }
      read.set(id, {
        file,
        own,
        line: placeIn(text, offset).line,
        id,
        words,
        effect: json.effect,
        ...(typeof role === 'string' && typeof name === 'string' ? { role: { id: role, name } } : {}),
        text: policy,
        json,
        placed: { file, text, offset },
      });
    }
  }
  const ownOnes = [...read.values()].filter(({ own }) => own);
  const ownCount = ownOnes.length;
  const firstOwn = texts.policies.find(({ own }) => own === true);
  if (ownCount > ownPolicyLimits.policies && firstOwn !== undefined)
    faults.push({
      file: firstOwn.file,
      line: 1,
      column: 1,
      message: `there are ${ownCount} policies of your own, must be at most ${ownPolicyLimits.policies}`,
    });

  const moments = refuseMoments(ownOnes.map(({ json }) => json));
  const firstAsking = ownOnes.find(({ json }) => readSpoken([json]).attributes.size > 0);
  if (moments !== undefined && firstAsking !== undefined)
    faults.push({ file: firstAsking.file, line: firstAsking.line, column: 1, message: moments });

  const schema = withRoles(
    texts.schema,
    [...roles.keys()].filter((role) => !isRole(role)),
  );
  faults.push(...validateAll(schema, read, memory));
  return { schema, policies: [...read.values()].map(({ placed: _placed, ...policy }) => policy), faults };
}

function jsonOf(policy: string, { json: known }: EngineMemory): PolicyJson | DetailedError[] {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const read = engine.policyToJson(policy);
  if (read.type === 'failure') return read.errors;
  known.set(policy, read.json);
  return read.json;
}

/** Those that were not held against this very schema before: most come with the product, and are the same each time. */
function validateAll(
  schema: string,
  read: ReadonlyMap<string, { readonly text: string; readonly placed: Placed }>,
  memory: EngineMemory,
): PolicyFault[] {
  const unseen = [...read].filter(([, { text }]) => !memory.isValid(schema, text));
  if (unseen.length === 0) return [];
  const answer = engine.validate({
    schema,
    policies: { staticPolicies: Object.fromEntries(unseen.map(([id, { text }]) => [id, text])) },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') {
    // Asked only now which of the two it is: to read the schema by itself takes as long as to hold everything against it.
    const checked = engine.schemaToJson(schema);
    const [file, errors] =
      checked.type === 'failure' ? ['the schema', checked.errors] : ['the policies', answer.errors];
    return errors.map((error) => ({ file, line: 1, column: 1, message: sayError(error) }));
  }
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  const wrong = new Set(found.map(({ policyId }) => policyId));
  // What is said of none of them may be of any.
  if ([...wrong].every((id) => read.has(id)))
    for (const [id, { text }] of unseen) if (!wrong.has(id)) memory.foundValid(schema, text);
  return found.map(({ policyId, error }) => {
    const policy = read.get(policyId);
    if (policy === undefined) return { file: 'the policies', line: 1, column: 1, message: sayError(error) };
    const { file, text, offset } = policy.placed;
    const inside = indexOfByte(policy.text, error.sourceLocations?.[0]?.start ?? 0);
    const said = sayError(error).replace(/^for policy `[^`]*`[,:] /, '');
    return { file, ...placeIn(text, offset + inside), message: `policy "${policyId}": ${said}` };
  });
}

/** Cedar's validator knows the roles by name; those of the organisation come to them. */
function withRoles(schema: string, own: readonly string[]): string {
  if (own.length === 0) return schema;
  return schema.replace(/(entity Role enum \[)([^\]]*)\]/, (_all, head: string, known: string) => {
    const more = own.map((role) => JSON.stringify(role)).join(', ');
    return `${head}${known.trim()}, ${more}]`;
  });
}
