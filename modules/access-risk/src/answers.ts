import { hasKnownKey, reasonOf } from './judge.ts';
import type { PeopleBook } from './people-book.ts';
import type { Answered, Happening } from './read-event.ts';
import { riskOf } from './risk.ts';
import { isKnown } from './seen.ts';
import type { Reason, Seen, SignIn, State } from './state.ts';

const expectedForMs = 30 * 86_400_000;
/** Whoever answers from a session that is itself this much at risk may be whoever is asked about. */
const mostRiskOfAnswerer = 40;

/**
 * Whether somebody in this session may say of this sign-in whose it was. That it was not theirs says whoever is not much at risk
 * themselves. That it was, only whoever came in a browser and from a network that were known without them: else a thief signs in twice,
 * and the second vouches for the first.
 */
export function mayAnswer(
  state: State,
  signIn: SignIn,
  { session, answer }: Pick<Answered, 'session' | 'answer'>,
  atMs: number,
): boolean {
  if (signIn.session === session) return false;
  const own = state.reasons.filter((reason) => reason.session === session);
  if (riskOf(own, atMs).value >= mostRiskOfAnswerer) return false;
  if (answer === 'not-me') return true;
  const begun = state.recent.find((one) => one.session === session);
  return begun !== undefined && begun.answer !== 'not-me' && cameAsEver(state, begun, atMs);
}

function cameAsEver(state: State, { browserKey, browser, network }: SignIn, atMs: number): boolean {
  if (state.keys.some(({ value }) => isKnown(state.keys, value, atMs)))
    return hasKnownKey(state, { atMs, ...(browserKey === undefined ? {} : { browserKey }) });
  return isKnown(state.browsers, browser, atMs) && isKnown(state.networks, network, atMs);
}

/**
 * "This was me": what came with it is known from now on, and weighs no more. "This was not me": what came with it is unlearnt.
 * Reasons to be added; undefined when nobody may say so.
 */
export function answerTo(
  state: State,
  { signIn: id, answer, session }: Pick<Answered, 'signIn' | 'answer' | 'session'>,
  atMs: number,
): readonly Reason[] | undefined {
  const signIn = state.recent.find((one) => one.id === id);
  if (signIn === undefined || !mayAnswer(state, signIn, { session, answer }, atMs)) return undefined;
  signIn.answer = answer;
  const event = signIn.id.replace('-', '/');
  if (answer === 'me') {
    for (const [list, value] of broughtBy(state, signIn)) vouch(list, value);
    state.reasons = state.reasons.filter((reason) => reason.event !== event);
    return [];
  }
  for (const [list, value] of broughtBy(state, signIn)) {
    const at = list.findIndex((seen) => seen.value === value && seen.firstMs >= signIn.atMs);
    if (at >= 0) list.splice(at, 1);
  }
  if (state.last?.event === event) delete state.last;
  const words = `“This was not me”: the sign-in from ${signIn.address} with ${signIn.browser}`;
  return [reasonOf(state, { signal: 'not-me', words, atMs, session: signIn.session })];
}

function broughtBy(
  state: State,
  { browser, browserKey, country, network }: SignIn,
): readonly (readonly [Seen[], string])[] {
  return [
    [state.browsers, browser],
    [state.networks, network],
    ...(country === undefined ? [] : ([[state.countries, country]] as const)),
    ...(browserKey === undefined ? [] : ([[state.keys, browserKey]] as const)),
  ];
}

function vouch(list: Seen[], value: string): void {
  const seen = list.find((one) => one.value === value);
  if (seen !== undefined) seen.isVouched = true;
}

/**
 * What an analyst said of alerts that rest on findings of ours. "Expected" makes what was new known, and its like weigh half for 30 days;
 * not of themselves, since whoever has taken an analyst's session would say so first.
 */
export function judgedFindings(
  book: PeopleBook,
  { by, findings, isExpected }: Happening & { kind: 'judged' },
  atMs: number,
): readonly (readonly [string, State])[] {
  const asked = new Set(findings);
  return book
    .entries()
    .filter(([, state]) => state.told.some(({ finding }) => asked.has(finding)))
    .filter(([, { kind, id }]) => !isExpected || kind !== 'user' || id !== by)
    .map(([id, state]) => {
      const events = new Set(state.told.filter(({ finding }) => asked.has(finding)).map(({ event }) => event));
      const about = state.reasons.filter(({ event }) => events.has(event));
      if (isExpected) {
        for (const signIn of state.recent.filter(({ id: one }) => events.has(one.replace('-', '/'))))
          for (const [list, value] of broughtBy(state, signIn)) vouch(list, value);
        expect(state, about, atMs);
      } else state.expected = state.expected.filter(({ signal }) => !about.some((one) => one.signal === signal));
      return [id, state] as const;
    })
    .toArray();
}

function expect(state: State, about: readonly Reason[], atMs: number): void {
  for (const { signal, value } of about) {
    if (value !== undefined)
      for (const list of [state.browsers, state.keys, state.countries, state.networks]) vouch(list, value);
    const others = state.expected.filter((one) => one.signal !== signal && one.untilMs > atMs);
    state.expected = [...others, { signal, untilMs: atMs + expectedForMs }];
  }
  state.reasons = state.reasons.filter((reason) => !about.includes(reason));
}
