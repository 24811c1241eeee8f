import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isJsonObject, parseJson, type JsonValue } from '@sallyport/contracts';
import type { AccessRequest } from './access-request.ts';
import { cutAddresses, type RangeText } from './address-cells.ts';

/** What a request knows of itself when it comes, and a question about somebody in general does not. */
export type Moment = Pick<AccessRequest['context'], 'address' | 'localTime'>;

export type MomentCells = {
  /** Undefined in one place where the policies do not ask. */
  readonly hours: readonly (number | undefined)[];
  readonly weekdays: readonly (number | undefined)[];
  readonly addresses: readonly (string | undefined)[];
};

/** Of all policies of the organisation together. */
const momentLimits = { networks: 300, moments: 30_000 } as const;

type Asked = 'address' | 'hour' | 'weekday';
const askable: readonly Asked[] = ['address', 'hour', 'weekday'];
const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
/** Tried first, since most is allowed then. */
const usual = { hour: 10, weekday: 3 } as const;

/**
 * One of each kind of moment that these policies can tell apart; none is left out. A fact that is only compared with numbers that are
 * written out has one kind between two of them; one that is used otherwise (sums, sets) has every value it can take. Networks lie in one
 * another or apart, so that one address of each kind is enough.
 */
export function cellsOf(policies: readonly PolicyJson[]): MomentCells {
  const found = policies.map(factsIn);
  const has = (fact: Asked): boolean => found.some(({ asked }) => asked.has(fact));
  const numbers = (fact: 'hour' | 'weekday', from: number, to: number): readonly (number | undefined)[] => {
    if (!has(fact)) return [undefined];
    const all = Array.from({ length: to - from + 1 }, (_none, index) => from + index);
    const isPlain = found.every(({ plain, asked }) => (asked.get(fact) ?? 0) === plain[fact].reads);
    const cuts = new Set(found.flatMap(({ plain }) => plain[fact].cuts.flatMap((cut) => [cut, cut + 1])));
    const kinds = isPlain ? all.filter((value) => value === from || cuts.has(value)) : all;
    return [usual[fact], ...kinds.filter((value) => value !== usual[fact])];
  };
  return {
    hours: numbers('hour', 0, 23),
    weekdays: numbers('weekday', 1, 7),
    addresses: has('address') ? cutAddresses(found.flatMap(({ ranges }) => ranges)) : [undefined],
  };
}

type Facts = {
  /** How often each is read. */
  readonly asked: ReadonlyMap<Asked, number>;
  /** How often it is read only to be compared with a number that is written out, and with which. */
  readonly plain: Readonly<Record<'hour' | 'weekday', { reads: number; readonly cuts: number[] }>>;
  readonly ranges: readonly RangeText[];
};

/** How much there is to try for these, one by one: why it is too much, or undefined. The text is bounded, what it tells apart is not by that. */
export function refuseMoments(policies: readonly PolicyJson[]): string | undefined {
  const networks = new Set(policies.flatMap((policy) => factsIn(policy).ranges));
  if (networks.size > momentLimits.networks)
    return `they name ${networks.size} networks and addresses, must be at most ${momentLimits.networks}: name larger networks`;
  const count = policies.reduce((sum, policy) => {
    const { hours, weekdays, addresses } = cellsOf([policy]);
    return sum + hours.length * weekdays.length * addresses.length;
  }, 0);
  if (count <= momentLimits.moments) return undefined;
  return `they tell ${count} moments apart, must be at most ${momentLimits.moments}: compare hours and weekdays with numbers that are written out`;
}

/** What one policy asks of the moment, and how. */
export function factsIn(policy: PolicyJson): Facts {
  const asked = new Map<Asked, number>();
  const plain = { hour: { reads: 0, cuts: new Array<number>() }, weekday: { reads: 0, cuts: new Array<number>() } };
  const ranges: RangeText[] = [];
  const compare = (one: JsonValue | undefined, other: JsonValue | undefined): void => {
    const fact = factRead(one);
    const value = isJsonObject(other) ? other['Value'] : undefined;
    if ((fact !== 'hour' && fact !== 'weekday') || typeof value !== 'number') return;
    plain[fact].reads += 1;
    plain[fact].cuts.push(value);
  };
  const walk = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isJsonObject(value)) return undefined;
    const fact = factRead(value);
    if (fact !== undefined) asked.set(fact, (asked.get(fact) ?? 0) + 1);
    for (const [name, inner] of Object.entries(value)) {
      if (comparisons.has(name) && isJsonObject(inner)) {
        compare(inner['left'], inner['right']);
        compare(inner['right'], inner['left']);
      }
      if (name === 'ip' && Array.isArray(inner)) ranges.push(...inner.flatMap(textIn));
      if (name === 'isLoopback') ranges.push('127.0.0.0/8', '::1');
      if (name === 'isMulticast') ranges.push('224.0.0.0/4', 'ff00::/8');
      walk(inner);
    }
  };
  walk(parseJson(JSON.stringify(policy.conditions)));
  return { asked, plain, ranges };
}

/** By name alone, whatever it is read from: rather one too many. */
function factRead(value: JsonValue | undefined): Asked | undefined {
  const read = isJsonObject(value) ? value['.'] : undefined;
  const attr = isJsonObject(read) ? read['attr'] : undefined;
  return askable.find((fact) => fact === attr);
}

/** What is written out as a text. */
function textIn(value: JsonValue): readonly string[] {
  const text = isJsonObject(value) ? value['Value'] : undefined;
  return typeof text === 'string' ? [text] : [];
}
