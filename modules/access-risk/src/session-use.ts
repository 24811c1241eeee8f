import { browserFamily, browserName } from './browser.ts';
import { blockOf } from './geo/address.ts';
import { placeInWords } from './geo/place.ts';
import type { Place } from './geo/place.ts';
import { networkInWords, reasonOf, travelWords } from './judge.ts';
import type { RiskSettings } from './risk-settings.ts';
import { isKnown } from './seen.ts';
import { stateLimits } from './state.ts';
import type { Reason, SessionUse, State } from './state.ts';

export type Use = {
  readonly atMs: number;
  readonly clockMs: number;
  readonly session: string;
  readonly address: string;
  readonly agent: string;
  readonly place: Place;
};

/** To and fro so often within this time: one that only moves does it once, a telephone between two networks seldom more. */
const switches = 3;
const switchesWithinMs = 900_000;
const mostChanges = 8;

export function beginUse(state: State, use: Use & { readonly isBound: boolean }): void {
  const { session, address, agent, place, atMs, clockMs, isBound } = use;
  const begun = { id: session, isBound, browser: agent, place, address, lastMs: atMs, clockMs, changes: [] };
  // The one used longest ago goes: whoever signs in often does not make one that is in use be looked at afresh.
  state.sessions = [...state.sessions.filter(({ id }) => id !== session), begun]
    .toSorted((a, b) => a.lastMs - b.lastMs)
    .slice(-stateLimits.sessions);
}

/** What is odd about how one session is used, and whether it may be in two hands and is to end for it. Remembers the use. */
export function judgeUse(
  state: State,
  use: Use,
  ends: Pick<RiskSettings, 'end_when_far_apart' | 'end_when_other_browser'>,
): { readonly reasons: readonly Reason[]; readonly isStolen: boolean } {
  const session = state.sessions.find(({ id }) => id === use.session);
  if (session === undefined) {
    // Begun before anything was known of it: what comes next is compared with this.
    const isBound = state.recent.some((one) => one.session === use.session && one.browserKey !== undefined);
    beginUse(state, { ...use, isBound });
    return { reasons: [], isStolen: false };
  }
  const reasons: Reason[] = [];
  const { atMs, place } = use;
  const add = (signal: Parameters<typeof reasonOf>[1]['signal'], words: string, factor = 1): void => {
    // Once for each session while it lasts: the same is not odder for being seen again.
    if (state.reasons.some((known) => known.signal === signal && known.session === use.session && known.untilMs > atMs))
      return;
    reasons.push(reasonOf(state, { signal, words, atMs, factor, session: use.session }));
  };
  // A key that never leaves the browser goes with each request: a cookie that was copied is of no use without it.
  const factor = session.isBound ? 0.6 : 1;
  let isStolen = false;

  const travel = travelWords({ place: session.place, atMs: session.lastMs, clockMs: session.clockMs }, use);
  const isOtherBrowser =
    use.agent !== '' && session.browser !== '' && browserName(use.agent) !== browserName(session.browser);
  if (travel !== undefined) {
    add('session-travel', `The same session was used from ${travel}`, factor);
    isStolen ||= !session.isBound && ends.end_when_far_apart;
  }
  if (isOtherBrowser) {
    add(
      'session-other-browser',
      `The same session was used with ${browserFamily(use.agent)} and with ${browserFamily(session.browser)}`,
      factor,
    );
    isStolen ||= !session.isBound && ends.end_when_other_browser;
  }
  const isMoved = place.country !== undefined && place.country !== session.place.country;
  if (
    isMoved &&
    travel === undefined &&
    session.place.country !== undefined &&
    !isKnown(state.countries, place.country, atMs)
  )
    add(
      'session-new-country',
      `The session moved from ${placeInWords(session.place)} to ${placeInWords(place)}`,
      factor,
    );
  if (isToAndFro(state, session, use))
    add(
      'session-two-places',
      `The same session was used from ${networkInWords(session.place)} and ${networkInWords(place)} by turns`,
      factor,
    );

  if (isStolen) return { reasons, isStolen };
  session.place = place;
  session.address = use.address;
  session.lastMs = atMs;
  session.clockMs = use.clockMs;
  return { reasons, isStolen };
}

/** Between blocks of one kind of address (a browser takes IPv4 and IPv6 by turns), not between networks that are both theirs. */
function isToAndFro(state: State, session: SessionUse, { address, place, atMs }: Use): boolean {
  if (place.isPrivate) return false;
  const [block, isFour] = [blockOf(address), !address.includes(':')];
  const before = session.changes.findLast((change) => change.isFour === isFour);
  if (before?.block === block) return false;
  session.changes = [...session.changes, { atMs, block, isFour }].slice(-mostChanges);
  const [one, other] = [session.place.network, place.network];
  if (one === other || (isKnown(state.networks, one, atMs) && isKnown(state.networks, other, atMs))) return false;
  const recent = session.changes.filter((change) => change.isFour === isFour && atMs - change.atMs <= switchesWithinMs);
  // The first is where it began.
  return recent.length > switches && new Set(recent.map((change) => change.block)).size < recent.length;
}
