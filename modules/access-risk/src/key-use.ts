import { placeInWords } from './geo/place.ts';
import type { Place } from './geo/place.ts';
import { networkInWords, reasonOf } from './judge.ts';
import { isKnown, learnSeen } from './seen.ts';
import type { Reason, State } from './state.ts';

/** So long from its first use on, whatever network a key is used from is taken as its own. */
const warmUpMs = 3 * 86_400_000;

/** A key or service is used: from where it never was? Learns it. Private networks count as one. */
export function judgeKeyUse(
  state: State,
  use: { readonly atMs: number; readonly address: string; readonly place: Place; readonly event: string },
): readonly Reason[] {
  const { atMs, place, event } = use;
  const isWarm = state.times > 0 && atMs - state.firstMs >= warmUpMs;
  const reasons: Reason[] = [];
  if (isWarm && place.country !== undefined && !isKnown(state.countries, place.country, atMs)) {
    reasons.push(
      reasonOf(state, {
        signal: 'key-new-country',
        words: `First use from ${placeInWords(place)}`,
        atMs,
        value: place.country,
      }),
    );
  } else if (isWarm && !isKnown(state.networks, place.network, atMs)) {
    reasons.push(
      reasonOf(state, {
        signal: 'key-new-network',
        words: `First use from the network ${networkInWords(place)}`,
        atMs,
        value: place.network,
      }),
    );
  }
  const seen = { atMs, event, isVouched: !isWarm };
  if (place.country !== undefined) learnSeen(state.countries, { ...seen, value: place.country });
  learnSeen(state.networks, { ...seen, value: place.network });
  state.times += 1;
  // One oddity of one value weighs once, however often it is used from there.
  return reasons.filter(
    ({ signal, value }) =>
      !state.reasons.some((one) => one.signal === signal && one.value === value && one.untilMs > atMs),
  );
}
