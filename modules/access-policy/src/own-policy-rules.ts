import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { expressionDepth } from '@sallyport/platform/cedar-text';

/** What the organisation may write beside the bundled policies. */
export const ownPolicyLimits = {
  /** Of one document. */
  textBytes: 64 * 1024,
  /** Of one policy: a chain of clauses is as deep as it is long. */
  policyBytes: 16 * 1024,
  /** Brackets in brackets, and conditions in conditions. */
  depth: 32,
  /** Expressions in expressions. From 281 on the engine breaks while it decides, in whichever thread. */
  expressions: 200,
  policies: 300,
  allBytes: 512 * 1024,
} as const;

const annotationsKnown: ReadonlySet<string> = new Set(['id', 'words', 'role', 'name', 'proof', 'fact']);
const idPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;
const operator = 'Sallyport::Operator';

/**
 * Why a policy of the organisation is refused though Cedar takes it; undefined when nothing is wrong. It must be about somebody: whoever owns this machine
 * is never among them, so that no policy locks everybody out, nor lets anybody pass as the operator.
 */
export function refuseOwnPolicy(policy: PolicyJson, bytes: number): string | undefined {
  const { annotations = {}, principal, effect } = policy;
  if (bytes > ownPolicyLimits.policyBytes)
    return `it has ${bytes} bytes, must have at most ${ownPolicyLimits.policyBytes}: make several of it`;
  const depth = expressionDepth(policy);
  if (depth > ownPolicyLimits.expressions)
    return `it goes ${depth} expressions deep, must go at most ${ownPolicyLimits.expressions}: a chain of && or || is as deep as it is long. Make several policies of it, or ask a set with .contains(…) or in`;
  const unknown = Object.keys(annotations).find((name) => !annotationsKnown.has(name));
  if (unknown !== undefined) return `@${unknown} is not known, must be one of @${[...annotationsKnown].join(', @')}`;
  const { id = '', words, name, role } = annotations;
  if (!idPattern.test(id))
    return `@id("${id.slice(0, 64)}") must be 1 to 64 lower-case letters, digits and hyphens, and begin with no hyphen`;
  for (const said of [words, name]) {
    if (said !== undefined && said !== null && !isPlainLine(said))
      return `@words and @name of "${id}" must be 1 to 200 characters in one line`;
  }
  if (principal.op === 'All')
    return `policy "${id}" is about everybody, must say about whom: principal is Sallyport::User, principal is Sallyport::Key, or principal in Sallyport::Role::"…"`;
  const types =
    principal.op === 'is'
      ? [principal.entity_type, 'in' in principal ? typeOf(principal.in) : undefined]
      : [typeOf(principal)];
  if (types.includes(operator))
    return `policy "${id}" is about the operator on this machine, which none of yours may be`;
  if (role === undefined || role === null) return undefined;
  if (!idPattern.test(role))
    return `@role("${role.slice(0, 64)}") must be 1 to 64 lower-case letters, digits and hyphens`;
  const isOfRole =
    principal.op === 'in' && 'entity' in principal && JSON.stringify(principal.entity).includes(JSON.stringify(role));
  if (effect !== 'permit' || !isOfRole)
    return `the policy with @role("${role}") must be: permit (principal in Sallyport::Role::"${role}", …)`;
  return undefined;
}

function typeOf(constraint: object): string | undefined {
  const entity: unknown = 'entity' in constraint ? constraint.entity : undefined;
  if (typeof entity !== 'object' || entity === null) return undefined;
  const held: unknown = '__entity' in entity ? entity.__entity : entity;
  if (typeof held !== 'object' || held === null || !('type' in held)) return undefined;
  return typeof held.type === 'string' ? held.type : undefined;
}

function isPlainLine(text: string): boolean {
  return (
    text.trim().length > 0 &&
    text.length <= 200 &&
    !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text)
  );
}
