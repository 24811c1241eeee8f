import type { PolicyJson, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isJsonObject, parseJson, type JsonValue } from '@sallyport/contracts';

/** What a set of policies speaks of: nothing else is asked for, and nothing else tells two questions apart. */
export type Spoken = {
  /** Names of attributes. */
  readonly attributes: ReadonlySet<string>;
  /** Some policy names one camera or device, or may mean one. */
  readonly namesResources: boolean;
  /** Some policy names one person, key or whoever else asks: without, two who hold the same are one to all of them. */
  readonly namesPrincipals: boolean;
  /** Sites some policy names. */
  readonly sites: ReadonlySet<string>;
};

/** Facts about the moment: one that nobody can tell is not there, and the policy that asks for it fails. */
const contextFacts = ['address', 'hour', 'weekday'];
const resourceFacts = ['kind', 'approved', 'quietSeconds'];
/** What is not one of these may be somebody who asks. A device is told apart whatever is named: it is asked about, too. */
const namelessTypes: ReadonlySet<unknown> = new Set(
  ['Role', 'Action', 'Site', 'Camera', 'Device', 'Server'].map((type) => `Sallyport::${type}`),
);
const facts: ReadonlySet<string> = new Set([...contextFacts, ...resourceFacts]);

/** Rather too much than too little: what a policy may speak of counts as spoken of. */
export function readSpoken(policies: readonly PolicyJson[]): Spoken {
  const attributes = new Set<string>();
  const sites = new Set<string>();
  let namesResources = false;

  const name = (type: JsonValue | undefined, id: JsonValue | undefined): void => {
    if (type === 'Sallyport::Site' && typeof id === 'string') sites.add(id);
    if (type === 'Sallyport::Camera' || type === 'Sallyport::Device') namesResources = true;
  };
  const walk = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isJsonObject(value)) return undefined;
    name(value['type'], value['id']);
    for (const key of ['.', 'has']) {
      const read = value[key];
      if (!isJsonObject(read)) continue;
      const attr = read['attr'];
      for (const one of Array.isArray(attr) ? attr : [attr]) if (typeof one === 'string') attributes.add(one);
    }
    // Compared whole, with something that is not written out: any one could be meant.
    for (const key of ['==', '!=', 'contains', 'containsAll', 'containsAny', 'Set', 'Record'])
      if (mentions(value[key], 'resource') || mentions(value[key], 'context')) {
        namesResources = true;
        for (const fact of facts) attributes.add(fact);
      }
    return Object.values(value).forEach(walk);
  };
  for (const { resource, conditions } of policies) walk(parseJson(JSON.stringify([resource, conditions])));
  const namesPrincipals = policies.some((policy) => namesPrincipal(parseJson(JSON.stringify(policy))));
  return { attributes, namesResources, namesPrincipals, sites };
}

/** Written out anywhere: there is no other way to mean one, since nothing else that a policy can read is somebody. */
function namesPrincipal(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.some(namesPrincipal);
  if (!isJsonObject(value)) return false;
  if (Object.hasOwn(value, 'type') && Object.hasOwn(value, 'id') && !namelessTypes.has(value['type'])) return true;
  return Object.values(value).some(namesPrincipal);
}

/** As one side of an expression, not as what an attribute is read from. */
function mentions(value: JsonValue | undefined, variable: string): boolean {
  const sides = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
  return sides.some((side) => isJsonObject(side) && side['Var'] === variable);
}

/** A policy that asks whether a fact is there, to do without it, would let through whoever keeps it from us. */
export function asksWhetherKnown(policy: PolicyJson): string | undefined {
  const found = new Set<string>();
  const walk = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isJsonObject(value)) return undefined;
    const asked = isJsonObject(value['has']) ? value['has']['attr'] : undefined;
    for (const one of Array.isArray(asked) ? asked : [asked])
      if (typeof one === 'string' && facts.has(one)) found.add(one);
    return Object.values(value).forEach(walk);
  };
  walk(parseJson(JSON.stringify(policy.conditions)));
  return [...found][0];
}

/**
 * The schema that questions must fit: the one policies are validated against, but that facts may be missing. So a policy needs no
 * `has` for a fact, and fails where it is missing, which is a no.
 */
export function schemaOfQuestions(schema: SchemaJson<string>): SchemaJson<string> {
  const loosen = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(loosen);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const loosened = loosen(inner);
        return [name, facts.has(name) && isJsonObject(loosened) ? { ...loosened, required: false } : loosened];
      }),
    );
  };
  const loosened = loosen(parseJson(JSON.stringify(schema)));
  if (!isLoosened(loosened)) throw new TypeError('Cannot loosen the schema: must be an object');
  return loosened;
}

/** Only for what was a schema: that a fact is optional makes it none the less one. Cedar reads it again. */
function isLoosened(value: unknown): value is SchemaJson<string> {
  return isJsonObject(value);
}
