import { browserFamily } from './browser.ts';
import { distanceKm, placeInWords } from './geo/place.ts';
import type { Place } from './geo/place.ts';
import { oddHour } from './hours.ts';
import { isKnown } from './seen.ts';
import { ownSignals } from './signals.ts';
import type { OwnSignal } from './signals.ts';
import type { Reason, State } from './state.ts';

/** Somebody comes, or would. */
export type Attempt = {
  readonly atMs: number;
  readonly clockMs: number;
  readonly address: string;
  readonly source: string;
  readonly agent: string;
  readonly browserKey?: string;
  readonly place: Place;
  /** How they proved it; unknown before they did. */
  readonly methods?: readonly string[];
  /** Many accounts are tried from there. */
  readonly isCampaign: boolean;
};

type Point = { readonly place: Place; readonly atMs: number; readonly clockMs: number };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const planeKmPerHour = 1000;
const toleranceKm = 100;
const absenceMs = 60 * dayMs;
const resetMs = dayMs;
const guesses = 5;
const guessedWithinMs = hourMs;
/** Further from the time of the record than this, the hour is not judged: it came late. */
const lateMs = 300_000;
/** What cannot be phished: whoever has it is rather who they say. */
const strong: ReadonlySet<string> = new Set(['passkey', 'certificate']);

/** What is odd about it, in words. Learns nothing. The first sign-in of all is what later ones are compared with. */
export function judgeSignIn(state: State, attempt: Attempt): readonly Reason[] {
  const { atMs, clockMs, address, source, agent, browserKey, place, methods = [], isCampaign } = attempt;
  const found: Reason[] = [];
  const softened = methods.some((method) => strong.has(method)) ? 0.5 : 1;
  const add = (signal: OwnSignal, words: string, more: { factor?: number; value?: string } = {}): void => {
    const { factor = 1, value } = more;
    found.push(reasonOf(state, { signal, words, atMs, factor, ...(value === undefined ? {} : { value }) }));
  };
  const isOwnBrowser = isKnownBrowser(state, attempt);
  const failed = state.failures.find((one) => one.source === source && atMs - one.lastMs < guessedWithinMs);

  if (isCampaign && !hasKnownKey(state, attempt))
    add('campaign-success', `Signed in from ${address}, from where many accounts are being tried`);
  if (failed !== undefined && failed.count >= guesses && !isOwnBrowser)
    add('guessed', `Signed in from ${address} after ${failed.count} failures from there`);
  if (state.times === 0) return found;

  const travel = travelWords(state.last, attempt);
  if (travel !== undefined) {
    const isHabit =
      isKnown(state.countries, place.country, atMs) && isKnown(state.countries, state.last?.place.country, atMs);
    add('impossible-travel', `Signed in from ${travel}`, {
      factor: (isHabit ? 0.5 : 1) * (hasKnownKey(state, attempt) ? 0.5 : 1),
    });
  }
  if (!isOwnBrowser) {
    const family = browserFamily(agent);
    const isFamiliar = isKnown(state.browsers, family, atMs);
    const words = isFamiliar ? `Another ${family} than theirs` : `First time with ${family}`;
    add('new-device', words, {
      factor: softened * (isFamiliar ? 0.5 : 1),
      value: isFamiliar ? (browserKey ?? family) : family,
    });
  }
  if (!place.isPrivate && place.country !== undefined && !isKnown(state.countries, place.country, atMs))
    add('new-country', `First time from ${placeInWords(place)}`, { factor: softened, value: place.country });
  else if (!isKnown(state.networks, place.network, atMs))
    add('new-network', `First time from the network ${networkInWords(place)}`, {
      factor: softened,
      value: place.network,
    });
  const odd = Math.abs(atMs - clockMs) > lateMs ? undefined : oddHour(state, atMs);
  if (odd !== undefined) add('unusual-hour', odd, { factor: softened });
  if (state.times >= 5 && state.last !== undefined && atMs - state.last.atMs > absenceMs)
    add('absence', `First sign-in in ${duration(atMs - state.last.atMs)}`, { factor: softened });
  if (state.resetMs !== undefined && atMs - state.resetMs < resetMs)
    add('after-reset', `Signed in ${duration(atMs - state.resetMs)} after the account was reset`, {
      factor: isOwnBrowser ? 0.5 : 1.5,
    });
  return found;
}

/** By the key it is bound to, which nobody has without the browser; where it has none, by what it says it is. */
function isKnownBrowser(state: State, attempt: Pick<Attempt, 'browserKey' | 'agent' | 'atMs'>): boolean {
  if (attempt.browserKey !== undefined && state.keys.length > 0) return hasKnownKey(state, attempt);
  return isKnown(state.browsers, browserFamily(attempt.agent), attempt.atMs);
}

export function hasKnownKey(state: State, { browserKey, atMs }: Pick<Attempt, 'browserKey' | 'atMs'>): boolean {
  return browserKey !== undefined && isKnown(state.keys, browserKey, atMs);
}

/**
 * `Japan 40 minutes after India: 5,900 km` when nobody travels so fast: over 1,000 km/h between the nearest points of the two, less 100 km.
 * The longer of ledger time and our clock counts, so that no clock that jumps accuses anybody; relays and private networks are nowhere.
 */
export function travelWords(last: Point | undefined, now: Point): string | undefined {
  if (last === undefined || last.place.isPrivate || now.place.isPrivate) return undefined;
  if (last.place.isRelay || now.place.isRelay) return undefined;
  const distance = distanceKm(last.place, now.place);
  const passedMs = Math.max(0, now.atMs - last.atMs, now.clockMs - last.clockMs);
  if (distance === undefined || distance.least - toleranceKm <= (passedMs / hourMs) * planeKmPerHour) return undefined;
  const rounded = new Intl.NumberFormat('en').format(Math.round(distance.middle / 100) * 100);
  const apart = passedMs < 60_000 ? 'within a minute of' : `${duration(passedMs)} after`;
  return `${placeInWords(now.place)} ${apart} ${placeInWords(last.place)}: ${rounded} km`;
}

export function reasonOf(
  state: State,
  one: {
    signal: OwnSignal;
    words: string;
    atMs: number;
    factor?: number;
    value?: string;
    session?: string;
    event?: string;
  },
): Reason {
  const { signal, words, atMs, factor = 1, value, session, event = '' } = one;
  const { points, lastsMs } = ownSignals[signal];
  const isExpected = state.expected.some((known) => known.signal === signal && known.untilMs > atMs);
  return {
    signal,
    words: words.slice(0, 300),
    points: Math.min(99, points * factor * (isExpected ? 0.5 : 1)),
    atMs,
    untilMs: atMs + lastsMs,
    ...(session === undefined ? {} : { session }),
    ...(value === undefined ? {} : { value }),
    event,
  };
}

export function networkInWords({ network, organization }: Place): string {
  if (network === 'private') return 'here (a private network)';
  return organization === undefined ? network : `${network} (${organization})`;
}

/** `40 minutes`, `1 day`: one unit, rounded down. */
function duration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.floor(minutes / 60), 'hour']
        : [Math.floor(minutes / 1440), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
