import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isJsonObject, parseJson, type JsonValue } from '@sallyport/contracts';
import type { AccessRequest } from './access-request.ts';
import { readSpoken } from './spoken.ts';

/** What a request knows of itself when it comes, and a question about somebody in general does not. */
export type Moment = Pick<AccessRequest['context'], 'address' | 'localTime'>;

const facts = ['address', 'hour', 'weekday'] as const;
/** Where nothing is that a policy is likely to name. */
const elsewhere = ['203.0.113.9', '2001:db8::9', '127.0.0.1'];
const mostMoments = 512;

/**
 * Moments that the policies can tell apart: whoever is let in at any moment is, up to exotic ranges of addresses, let in at one of
 * these. Empty where no policy asks for where from or when. The usual ones come first.
 */
export function momentsOf(policies: readonly PolicyJson[]): readonly Moment[] {
  const hours = new Set<number>();
  const weekdays = new Set<number>();
  const addresses = new Set<string>();
  for (const policy of policies) {
    const { attributes } = readSpoken([policy]);
    const asks = facts.filter((fact) => attributes.has(fact));
    if (asks.length === 0) continue;
    const { numbers, ranges } = writtenIn(policy);
    if (asks.includes('hour')) for (const hour of around(numbers, [10, 20, 3], { from: 0, to: 23 })) hours.add(hour);
    if (asks.includes('weekday')) for (const day of around(numbers, [3, 7], { from: 1, to: 7 })) weekdays.add(day);
    if (asks.includes('address'))
      for (const address of [...ranges.flatMap(endsOf), ...elsewhere]) addresses.add(address);
  }
  if (hours.size + weekdays.size + addresses.size === 0) return [];
  const times = orNone(hours).flatMap((hour) => orNone(weekdays).map((weekday) => ({ hour, weekday })));
  return orNone(addresses)
    .flatMap((address) =>
      times.map(({ hour, weekday }): Moment => ({
        ...(address === undefined ? {} : { address }),
        ...(hour === undefined && weekday === undefined
          ? {}
          : { localTime: () => ({ hour: hour ?? 10, weekday: weekday ?? 3 }) }),
      })),
    )
    .slice(0, mostMoments);
}

function orNone<Value>(values: ReadonlySet<Value>): readonly (Value | undefined)[] {
  return values.size === 0 ? [undefined] : [...values];
}

/** Each number that is written out, and the ones beside it: on which side of it somebody is, is all a comparison can tell. */
function around(
  numbers: readonly number[],
  usual: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly number[] {
  return [...usual, ...numbers.flatMap((number) => [number, number - 1, number + 1])].filter(
    (number) => number >= from && number <= to,
  );
}

function writtenIn(policy: PolicyJson): { readonly numbers: readonly number[]; readonly ranges: readonly string[] } {
  const numbers: number[] = [];
  const ranges: string[] = [];
  const walk = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isJsonObject(value)) return undefined;
    const literal = value['Value'];
    if (typeof literal === 'number') numbers.push(literal);
    if (Array.isArray(value['ip'])) ranges.push(...value['ip'].flatMap(textIn));
    return Object.values(value).forEach(walk);
  };
  walk(parseJson(JSON.stringify(policy.conditions)));
  return { numbers, ranges };
}

/** What is written out as a text. */
function textIn(value: JsonValue): readonly string[] {
  const text = isJsonObject(value) ? value['Value'] : undefined;
  return typeof text === 'string' ? [text] : [];
}

/** The first and the last address of a range: one of them is in it where a smaller one is cut out of it. */
function endsOf(range: string): readonly string[] {
  const [address = '', length] = range.split('/');
  const parts = address.split('.').map(Number);
  if (length === undefined || parts.length !== 4) return [address];
  const bits = 32 - Number(length);
  const value = parts.reduce((sum, part) => sum * 256 + part, 0);
  const first = value - (value % 2 ** bits);
  const last = first + 2 ** bits - 1;
  return [
    address,
    ...[first, last].map((end) => [24, 16, 8, 0].map((shift) => Math.floor(end / 2 ** shift) % 256).join('.')),
  ];
}
