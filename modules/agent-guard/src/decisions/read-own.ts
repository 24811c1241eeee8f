import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { depthOf, expressionDepth, indexOfByte, placeIn, sayError } from '@sallyport/platform/cedar-text';
import { readPeople } from './load-pack.ts';
import type { Cedar } from './load-pack.ts';
import { ownLimits, scopeKey } from './own-policy.ts';
import type { OwnText } from './own-policy.ts';

/** Where a text cannot be used, and why. Line and column begin at 1. */
export type OwnFault = {
  readonly document: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

export type ReadOwnPolicy = {
  readonly document: string;
  readonly scope: string;
  readonly line: number;
  readonly id: string;
  readonly words: string;
  readonly effect: 'permit' | 'forbid';
  /** Forbids until so many different people say yes; left out where it forbids whatever they say, and where it permits. */
  readonly asks?: 1 | 2;
  readonly text: string;
};

export type ReadOwn = { readonly policies: readonly ReadOwnPolicy[]; readonly faults: readonly OwnFault[] };

type Reader = Pick<Cedar, 'policySetTextToParts' | 'policyToJson' | 'validate'>;

/** What may be let through without a question: each is named, and what guards agents is not among them. */
export const permitted: ReadonlySet<string> = new Set([
  'read',
  'write',
  'delete',
  'execute',
  'network',
  'secret',
  'message',
  'pay',
  'grant',
  'credential',
  'other',
]);
const idPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * Reads every policy of every document and finds what is wrong, each at its line. What somebody writes is read in a thread of its own first: a chain of
 * clauses can be deeper than a stack.
 */
export function readOwn(cedar: Reader, schema: string, texts: readonly OwnText[]): ReadOwn {
  const faults: OwnFault[] = [];
  const read = new Map<string, ReadOwnPolicy & { readonly offset: number; readonly whole: string }>();
  const allBytes = texts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const parts = new Map<string, number>();

  for (const { id: document, scope, text } of texts) {
    const at = (message: string, offset = 0): void => void faults.push({ document, ...placeIn(text, offset), message });
    const bytes = Buffer.byteLength(text);
    if (bytes > ownLimits.textBytes || allBytes > ownLimits.allBytes) {
      at(
        `it has ${bytes} bytes of ${allBytes} in all, must be at most ${ownLimits.textBytes} of ${ownLimits.allBytes}`,
      );
      continue;
    }
    if (depthOf(text) > ownLimits.depth) {
      at(`its brackets and conditions go deeper than ${ownLimits.depth}`);
      continue;
    }
    const set = cedar.policySetTextToParts(text);
    if (set.type === 'failure') {
      for (const error of set.errors) at(sayError(error), indexOfByte(text, error.sourceLocations?.[0]?.start ?? 0));
      continue;
    }
    if (set.policy_templates.length > 0) at('it holds a template, must hold policies only');
    let searched = 0;
    for (const policy of set.policies) {
      const found = text.indexOf(policy, searched);
      const offset = found === -1 ? Math.max(0, text.indexOf(policy)) : found;
      searched = found === -1 ? searched : found + policy.length;
      const json = cedar.policyToJson(policy);
      if (json.type === 'failure') {
        for (const error of json.errors) at(sayError(error), offset);
        continue;
      }
      const { id, words, ask, approvals } = json.json.annotations ?? {};
      const people = ask === undefined ? undefined : readPeople(ask ?? '', approvals ?? undefined);
      const count = partsOf(json.json);
      const key = scopeKey(scope);
      parts.set(key, (parts.get(key) ?? 0) + count);
      const refusal =
        refusePolicy(json.json, { bytes: Buffer.byteLength(policy), parts: count }) ??
        (json.json.effect === 'permit' && scope.kind === 'repository'
          ? 'a document about a repository can only forbid: which one it is, a run says of itself'
          : undefined);
      if (refusal !== undefined) at(refusal, offset);
      if (typeof id !== 'string' || typeof words !== 'string') continue;
      if (read.has(id)) {
        at(`policy "${id}" stands twice, must be unique`, offset);
        continue;
      }
      const { line } = placeIn(text, offset);
      const { effect } = json.json;
      read.set(id, {
        document,
        scope: key,
        line,
        id,
        words,
        effect,
        ...(people === undefined ? {} : { asks: people }),
        text: policy,
        offset,
        whole: text,
      });
    }
  }
  const [first] = texts;
  if (first !== undefined && read.size > ownLimits.policies)
    faults.push(
      wholeFault(first, `there are ${read.size} policies of your own, must be at most ${ownLimits.policies}`),
    );
  // A run may be in one scope of each kind at once.
  const most = ['all', 'agent/', 'person/', 'repository/'].reduce(
    (sum, kind) => sum + Math.max(0, ...[...parts].filter(([key]) => key.startsWith(kind)).map(([, count]) => count)),
    0,
  );
  if (first !== undefined && most > ownLimits.allParts)
    faults.push(
      wholeFault(
        first,
        `what is asked of one call has ${most} parts together, must be at most ${ownLimits.allParts}: it would make every call slow`,
      ),
    );
  const whole = [...parts.values()].reduce((sum, count) => sum + count, 0);
  if (first !== undefined && whole > ownLimits.wholeParts) {
    const fault = `all documents have ${whole} parts together, must have at most ${ownLimits.wholeParts}: the server would stand still while it reads them. Make lists shorter`;
    return { policies: [], faults: [...faults, wholeFault(first, fault)].slice(0, 100) };
  }
  faults.push(...validated(cedar, schema, read));
  return {
    policies: [...read.values()].map(({ offset: _offset, whole: _whole, ...policy }) => policy),
    faults: faults.slice(0, 100),
  };
}

/** Why a policy is refused though Cedar takes it. */
function refusePolicy(
  policy: PolicyJson,
  { bytes, parts }: { readonly bytes: number; readonly parts: number },
): string | undefined {
  const { annotations = {}, principal, action, resource, effect, conditions } = policy;
  const { id, words, ask, approvals } = annotations;
  if (typeof id !== 'string' || typeof words !== 'string') return 'each policy must have @id and @words';
  if (!idPattern.test(id))
    return `@id("${id.slice(0, 64)}") must be 1 to 64 lower-case letters, digits and hyphens, and begin with no hyphen`;
  if (!isPlainLine(words)) return `@words of "${id}" must be 1 to 200 characters in one line`;
  const unknown = Object.keys(annotations).find((name) => !['id', 'words', 'ask', 'approvals'].includes(name));
  if (unknown !== undefined) return `@${unknown} is not known, must be one of @id, @words, @ask, @approvals`;
  if (ask !== undefined && (ask !== 'person' || effect !== 'forbid'))
    return `@ask of policy "${id}" must be "person", and on one that forbids`;
  if (approvals !== undefined && readPeople(ask ?? undefined, approvals ?? '') === undefined)
    return `@approvals of policy "${id}" must be "1" or "2", and beside an @ask`;
  if (bytes > ownLimits.policyBytes)
    return `policy "${id}" has ${bytes} bytes, must have at most ${ownLimits.policyBytes}: make several of it`;
  const depth = expressionDepth(policy);
  if (depth > ownLimits.expressions)
    return `policy "${id}" goes ${depth} expressions deep, must go at most ${ownLimits.expressions}: a chain of && or || is as deep as it is long. Make several policies of it, or ask a set with .contains(…) or in`;
  if (parts > ownLimits.policyParts)
    return `policy "${id}" has ${parts} parts, must have at most ${ownLimits.policyParts}: it would make every call slow`;
  if (principal.op !== 'All' && principal.op !== 'is')
    return `policy "${id}" names a session: whom it is about, the document's scope says`;
  if (effect === 'forbid') return undefined;
  const actions = actionsIn(action);
  const wrong = actions.find((one) => !permitted.has(one));
  if (actions.length === 0 || wrong !== undefined)
    return `policy "${id}" permits, so it must name its actions, each one of ${[...permitted].join(', ')}`;
  if (conditions.length === 0 && resource.op !== '==')
    return `policy "${id}" permits, so it must say when, or name a tool`;
  return undefined;
}

function actionsIn(constraint: PolicyJson['action']): readonly string[] {
  if (constraint.op === 'All') return [];
  const names: string[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) look(item);
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) {
        if (key === 'id' && typeof item === 'string') names.push(item);
        else look(item);
      }
  };
  look(constraint);
  return names;
}

/** How much of a policy there is for Cedar to look at, each sign of a pattern included. */
function partsOf(value: unknown): number {
  if (typeof value === 'string') return 1 + Math.floor(value.length / 64);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + partsOf(item), 1);
  if (typeof value === 'object' && value !== null)
    return Object.values(value).reduce<number>((sum, item) => sum + partsOf(item), 0);
  return 1;
}

function validated(
  cedar: Reader,
  schema: string,
  read: ReadonlyMap<string, ReadOwnPolicy & { readonly offset: number; readonly whole: string }>,
): OwnFault[] {
  if (read.size === 0) return [];
  const staticPolicies = Object.fromEntries([...read].map(([id, { text }]) => [id, text]));
  const answer = cedar.validate({ schema, policies: { staticPolicies }, validationSettings: { mode: 'strict' } });
  const [first] = read.values();
  if (answer.type === 'failure')
    return answer.errors.map((error) => ({
      document: first?.document ?? '',
      line: 1,
      column: 1,
      message: sayError(error),
    }));
  return [...answer.validationErrors, ...answer.validationWarnings].flatMap(({ policyId, error }) => {
    const policy = read.get(policyId);
    if (policy === undefined) return [];
    const inside = indexOfByte(policy.text, error.sourceLocations?.[0]?.start ?? 0);
    const said = sayError(error).replace(/^for policy `[^`]*`[,:] /, '');
    return [
      {
        document: policy.document,
        ...placeIn(policy.whole, policy.offset + inside),
        message: `policy "${policyId}": ${said}`,
      },
    ];
  });
}

function wholeFault({ id }: OwnText, message: string): OwnFault {
  return { document: id, line: 1, column: 1, message };
}

function isPlainLine(text: string): boolean {
  return (
    text.trim().length > 0 &&
    text.length <= 200 &&
    !/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/.test(text)
  );
}
