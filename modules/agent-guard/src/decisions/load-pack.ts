import { createHash } from 'node:crypto';
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Engine } from '@sallyport/access-policy/engine';
import { AgentGuardError } from '../errors.ts';

/** Cedar, handed in: loading it costs what a short program does not want to pay at its start. */
export type Cedar = Pick<
  Engine,
  | 'policySetTextToParts'
  | 'policyToJson'
  | 'validate'
  | 'preparseSchema'
  | 'preparsePolicySet'
  | 'statefulIsAuthorized'
  | 'thrown'
>;

export type PackFile = { readonly name: string; readonly text: string };

/** A pack that Cedar has validated and keeps. */
export type LoadedPack = {
  readonly name: string;
  /** Under which Cedar keeps it: its name and what it says. */
  readonly keptAs: string;
  /** What each policy says, for people. */
  readonly words: ReadonlyMap<string, string>;
  /** Policies that forbid until a person says yes (`@ask("person")`), or two different ones (`@approvals("2")` beside it). */
  readonly asking: ReadonlyMap<string, 1 | 2>;
};

/**
 * Takes nothing that Cedar does not validate strictly: a policy that fails while deciding is one Cedar leaves out. Each has an `@id` and
 * `@words`; `@ask` stands only on what forbids, and says "person"; `@approvals` only beside it, and says "1" or "2". Throws
 * `agent_pack_invalid`.
 */
export function loadPack(cedar: Cedar, files: readonly PackFile[], name: string): LoadedPack {
  const { schema, text } = filesOf(files, name);
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') throw invalid(name, messages(parts.errors));
  if (parts.policy_templates.length > 0) throw invalid(name, 'it holds a template, must hold policies only');
  if (parts.policies.length === 0) throw invalid(name, 'it holds no policy');
  const texts = new Map<string, string>();
  const words = new Map<string, string>();
  const asking = new Map<string, 1 | 2>();
  for (const policy of parts.policies) {
    const { id, said, asks, approvals, json } = read(cedar, policy, name);
    if (texts.has(id)) throw invalid(name, `policy "${id}" stands twice, must be unique`);
    if (asks !== undefined && (asks !== 'person' || json.effect !== 'forbid'))
      throw invalid(name, `@ask of policy "${id}" must be "person", and on one that forbids`);
    const people = readPeople(asks, approvals);
    if (people === undefined)
      throw invalid(name, `@approvals of policy "${id}" must be "1" or "2", and beside an @ask`);
    texts.set(id, policy);
    words.set(id, said);
    if (asks !== undefined) asking.set(id, people);
  }
  const staticPolicies = Object.fromEntries(texts);
  const checked = cedar.validate({ schema, policies: { staticPolicies }, validationSettings: { mode: 'strict' } });
  if (checked.type === 'failure') throw invalid(name, messages(checked.errors));
  const faults = [...checked.validationErrors, ...checked.validationWarnings];
  if (faults.length > 0)
    throw invalid(name, faults.map(({ policyId, error }) => `policy "${policyId}": ${error.message}`).join('; '));
  // The same texts under the same name are the same to Cedar: loading again costs nothing and takes nothing away.
  const keptAs = `agent-pack/${name}/${digest(schema)}/${digest(text)}`;
  for (const kept of [cedar.preparseSchema(keptAs, schema), cedar.preparsePolicySet(keptAs, { staticPolicies })])
    if (kept.type === 'failure') throw invalid(name, messages(kept.errors));
  return { name, keptAs, words, asking };
}

/** What a pack is made of. Throws `agent_pack_invalid` where a part is missing. */
export function filesOf(files: readonly PackFile[], name: string): { readonly schema: string; readonly text: string } {
  const schema = files.find((file) => file.name === 'schema.cedarschema')?.text;
  const text = files.find((file) => file.name === `${name}.cedar`)?.text;
  if (schema === undefined || text === undefined)
    throw invalid(name, `there is no such pack, must be one of ${packsIn(files).join(', ')}`);
  return { schema, text };
}

/** How many people a policy asks for, by its annotations; undefined where that cannot be read: such a policy is not taken. */
export function readPeople(asks: string | undefined, approvals: string | undefined): 1 | 2 | undefined {
  if (approvals === undefined) return 1;
  if (asks === undefined) return undefined;
  return approvals === '1' ? 1 : approvals === '2' ? 2 : undefined;
}

function packsIn(files: readonly PackFile[]): string[] {
  return files.flatMap(({ name }) => (name.endsWith('.cedar') ? [name.slice(0, -'.cedar'.length)] : []));
}

function read(
  cedar: Cedar,
  policy: string,
  name: string,
): { id: string; said: string; asks: string | undefined; approvals: string | undefined; json: PolicyJson } {
  const json = cedar.policyToJson(policy);
  if (json.type === 'failure') throw invalid(name, messages(json.errors));
  const { id, words, ask, approvals } = json.json.annotations ?? {};
  if (typeof id !== 'string' || typeof words !== 'string') throw invalid(name, 'each policy must have @id and @words');
  // An annotation without a value is there, and says nothing.
  return { id, said: words, asks: ask ?? emptyOf(ask), approvals: approvals ?? emptyOf(approvals), json: json.json };
}

function emptyOf(missing: null | undefined): '' | undefined {
  return missing === null ? '' : undefined;
}

function messages(errors: readonly { readonly message: string }[]): string {
  return errors.map(({ message }) => message).join('; ');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function invalid(name: string, why: string): AgentGuardError {
  return new AgentGuardError('agent_pack_invalid', `Cannot load pack "${name}": ${why}`);
}
