import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { RangeText } from './address-cells.ts';
import { kindOfAddress } from './address-cells.ts';
import { factsIn, type Moment, type MomentCells } from './moment-cells.ts';

/** What one policy comes to: it holds, it does not, or it cannot be told. */
export type Truth = 'holds' | 'not' | 'fails';

/** A moment as places in the lists of `MomentCells`. */
export type MomentAt = readonly [hour: number, weekday: number, address: number];

/**
 * What one policy comes to at each of these moments. It is asked once for all that it cannot tell apart itself: many policies tell many
 * moments apart, and each of them few.
 */
export function createTruthTable(
  policy: PolicyJson,
  { hours, weekdays, addresses }: MomentCells,
  ask: (moment: Moment) => Truth,
): (at: MomentAt) => Truth {
  const { asked, plain, ranges } = factsIn(policy);
  const kindOfNumber = (fact: 'hour' | 'weekday', value: number | undefined): number => {
    if (!asked.has(fact) || value === undefined) return 0;
    if (asked.get(fact) !== plain[fact].reads) return value;
    return plain[fact].cuts.reduce((kind, cut) => kind + (value >= cut ? 1 : 0) + (value > cut ? 1 : 0), 0);
  };
  const hourKinds = hours.map((hour) => kindOfNumber('hour', hour));
  const weekdayKinds = weekdays.map((weekday) => kindOfNumber('weekday', weekday));
  const own: readonly RangeText[] = asked.has('address') ? [...new Set(ranges)] : [];
  const addressKinds = numbered(
    addresses.map((address) => (address === undefined || !asked.has('address') ? '' : kindOfAddress(address, own))),
  );
  const known = new Map<number, Truth>();
  return ([hourAt, weekdayAt, addressAt]) => {
    const [hourKind = 0, weekdayKind = 0] = [hourKinds[hourAt], weekdayKinds[weekdayAt]];
    const kind = ((addressKinds[addressAt] ?? 0) * 1_000_000 + hourKind) * 1_000_000 + weekdayKind;
    const before = known.get(kind);
    if (before !== undefined) return before;
    const address = addresses[addressAt];
    const [hour = 10, weekday = 3] = [hours[hourAt], weekdays[weekdayAt]];
    const truth = ask({ ...(address === undefined ? {} : { address }), localTime: () => ({ hour, weekday }) });
    known.set(kind, truth);
    return truth;
  };
}

function numbered(kinds: readonly string[]): readonly number[] {
  const numbers = new Map<string, number>();
  return kinds.map((kind) => {
    const number = numbers.get(kind) ?? numbers.size;
    numbers.set(kind, number);
    return number;
  });
}
