import { createHmac } from 'node:crypto';
import { formatPosition } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { answerTo, judgedFindings } from './answers.ts';
import { browserFamily } from './browser.ts';
import { ownEntry, strangerEntry } from './build-finding.ts';
import type { Campaigns } from './campaigns.ts';
import { judgeKeyUse } from './key-use.ts';
import { sourceOf } from './geo/address.ts';
import type { Place } from './geo/place.ts';
import { learnHour } from './hours.ts';
import { hasKnownKey, judgeSignIn } from './judge.ts';
import type { Attempt } from './judge.ts';
import { rowId } from './people-book.ts';
import type { PeopleBook } from './people-book.ts';
import { readHappening } from './read-event.ts';
import type { Failed, Happening, SignedIn, Used, Who } from './read-event.ts';
import { riskOf } from './risk.ts';
import type { RiskSettings } from './risk-settings.ts';
import { learnSeen } from './seen.ts';
import { beginUse, judgeUse } from './session-use.ts';
import { newState, stateLimits } from './state.ts';
import type { Reason, State } from './state.ts';
import { failedFor } from './strangers.ts';

/** What is to be told and done for one event. `told` is to be called with the place the entry got. */
export type Outcome = {
  readonly tellings: readonly { readonly entry: AppendEntry; readonly told?: (finding: string) => void }[];
  readonly reactions: readonly Reaction[];
};

/** What policy may make of it. */
export type Reaction =
  | {
      readonly kind: 'odd-sign-in';
      readonly userId: string;
      readonly signIn: string;
      readonly words: readonly string[];
    }
  | {
      readonly kind: 'session-stolen';
      readonly userId: string;
      readonly session: string;
      readonly words: readonly string[];
    }
  | {
      readonly kind: 'not-me';
      readonly userId: string;
      readonly userName: string;
      readonly exceptSession: string;
      /** By our clock, as identity's times are: what was begun or chosen since stays, however late or often this is done. */
      readonly saidMs: number;
    };

export type Learner = {
  /** Learns from it. State is the book and the campaigns alone: a range applied again gives the same. */
  observe(event: LedgerEvent): Outcome;
  counts(): { readonly events: number; readonly signals: number; readonly heldBack: number };
};

const nothing: Outcome = { tellings: [], reactions: [] };
/** The same of the same person is told once in this time. */
const restMs = 86_400_000;

export function createLearner(needs: {
  readonly book: PeopleBook;
  readonly campaigns: Campaigns;
  readonly locate: (address: string) => Place;
  readonly key: SealingKey;
  readonly settings: () => RiskSettings;
}): Learner {
  const { book, campaigns, locate, key } = needs;
  const counts = { events: 0, signals: 0, heldBack: 0 };

  const hashOf = (text: string): string =>
    createHmac('sha256', key).update(text.toLowerCase()).digest('base64url').slice(0, 12);

  function stateOf(who: Who, event: LedgerEvent): { readonly id: string; readonly state: State } {
    const id = rowId(key, who.kind, who.id);
    const state = book.get(id) ?? newState(who, event.receivedAtMs, formatPosition(event.position));
    if (who.name !== '') state.name = who.name;
    state.lastMs = event.receivedAtMs;
    state.event = formatPosition(event.position);
    return { id, state };
  }

  /** Adds what is odd to what is known of them, and tells it unless it is little or was told. */
  function addReasons(
    event: LedgerEvent,
    state: State,
    reasons: readonly Reason[],
    address: string,
  ): Outcome['tellings'] {
    if (reasons.length === 0) return [];
    counts.signals += reasons.length;
    const at = formatPosition(event.position);
    const atMs = event.receivedAtMs;
    const placed = reasons.map((reason) => ({ ...reason, event: at }));
    state.reasons = [...state.reasons.filter(({ untilMs }) => untilMs > atMs), ...placed].slice(-stateLimits.reasons);
    // What is odd by less is shown with the sign-in and told to nobody.
    if (riskOf(placed, atMs).value < needs.settings().tell_from) return [];
    const what = placed
      .map(({ signal, value = '', session = '' }) => `${signal}/${value}${value === '' ? session : ''}`)
      .toSorted()
      .join(' ')
      .slice(0, 300);
    if (state.told.some((known) => known.what === what && atMs - known.atMs < restMs)) {
      counts.heldBack += 1;
      return [];
    }
    const told = { what, atMs, finding: '', event: at };
    state.told = [...state.told, told].slice(-stateLimits.told);
    const isKept = (): boolean => state.told.includes(told);
    return [
      {
        entry: ownEntry(event, { state, reasons: placed, address }),
        told(finding) {
          if (isKept()) told.finding = finding;
        },
      },
    ];
  }

  function signedIn(event: LedgerEvent, happening: SignedIn): Outcome {
    const { who, session, address, agent, browserKey, methods, clockMs } = happening;
    const { id, state } = stateOf(who, event);
    const atMs = event.receivedAtMs;
    const at = formatPosition(event.position);
    const place = locate(address);
    const source = sourceOf(address);
    const attempt: Attempt = {
      atMs,
      clockMs,
      address,
      source,
      agent,
      ...(browserKey === undefined ? {} : { browserKey }),
      place,
      methods,
      isCampaign: campaigns.isActive(source, atMs),
    };
    const reasons = judgeSignIn(state, attempt).map((reason) => ({ ...reason, session }));
    const tellings = addReasons(event, state, reasons, address);
    learn(state, attempt, at);
    campaigns.succeeded({ source, name: hashOf(who.name), atMs });
    state.failures = state.failures.filter((one) => one.source !== source);
    beginUse(state, { session, address, agent, place, atMs, clockMs, isBound: browserKey !== undefined });
    const { country, city, network } = place;
    state.recent = [
      ...state.recent,
      {
        id: at.replace('/', '-'),
        atMs,
        session,
        address,
        ...(country === undefined ? {} : { country }),
        ...(city === undefined ? {} : { city }),
        browser: browserFamily(agent),
        ...(browserKey === undefined ? {} : { browserKey }),
        network,
        methods: [...methods].slice(0, 8),
        risk: riskOf(reasons, atMs).value,
        words: reasons.map(({ words }) => words),
      },
    ].slice(-stateLimits.recent);
    book.keep(id, state);
    const isTold = tellings.length > 0 && who.kind === 'user';
    return {
      tellings,
      reactions: isTold
        ? [
            {
              kind: 'odd-sign-in',
              userId: who.id,
              signIn: at.replace('/', '-'),
              words: reasons.map(({ words }) => words),
            },
          ]
        : [],
    };
  }

  function learn(state: State, attempt: Attempt, event: string): void {
    const { atMs, clockMs, agent, browserKey, place } = attempt;
    // A key known before vouches for what comes with it; the first sign-in of all has nothing to be compared with.
    const seen = { atMs, event, isVouched: state.times === 0 || hasKnownKey(state, attempt) };
    learnSeen(state.browsers, { ...seen, value: browserFamily(agent) });
    // The first key of all: nothing says it is another browser than the one they had, unless what it says it is does.
    const isFirstKey =
      state.keys.length === 0 && state.browsers.some((one) => one.isVouched && one.value === browserFamily(agent));
    if (browserKey !== undefined)
      learnSeen(state.keys, { ...seen, value: browserKey, isVouched: seen.isVouched || isFirstKey });
    if (!place.isPrivate && place.country !== undefined) learnSeen(state.countries, { ...seen, value: place.country });
    learnSeen(state.networks, { ...seen, value: place.network });
    learnHour(state, atMs);
    state.last = { place, atMs, clockMs, event };
    state.times += 1;
  }

  function failed(event: LedgerEvent, happening: Failed): Outcome {
    const { who, name, address, agent, browserKey, reason } = happening;
    const atMs = event.receivedAtMs;
    const source = sourceOf(address);
    const about = who === undefined ? undefined : stateOf(who, event);
    const isOwners =
      about !== undefined && hasKnownKey(about.state, { atMs, ...(browserKey === undefined ? {} : { browserKey }) });
    const tellings = isOwners
      ? []
      : campaigns.failed({ source, name: hashOf(name), atMs }).map(({ signal, words }) => ({ signal, words, source }));
    const ofOne =
      about === undefined
        ? []
        : failedFor(about.state, { atMs, source, sourceHash: hashOf(source), reason, agent, isOwners });
    if (about !== undefined) book.keep(about.id, about.state);
    const all = [...tellings, ...ofOne];
    counts.signals += all.length;
    return { tellings: all.map((telling) => ({ entry: strangerEntry(event, telling) })), reactions: [] };
  }

  function used(event: LedgerEvent, happening: Used): Outcome {
    const { who, session, address, agent, clockMs } = happening;
    const { id, state } = stateOf(who, event);
    const atMs = event.receivedAtMs;
    const place = locate(address);
    if (who.kind !== 'user' || session === undefined) {
      const reasons = judgeKeyUse(state, { atMs, address, place, event: formatPosition(event.position) });
      const tellings = addReasons(event, state, reasons, address);
      book.keep(id, state);
      return { tellings, reactions: [] };
    }
    const { reasons, isStolen } = judgeUse(state, { atMs, clockMs, session, address, agent, place }, needs.settings());
    const tellings = addReasons(event, state, reasons, address);
    const words = isStolen ? state.reasons.filter((one) => one.session === session).map((one) => one.words) : [];
    if (isStolen) {
      const begun = state.recent.find((one) => one.session === session);
      if (begun !== undefined) begun.ended = reasons[0]?.words ?? begun.ended ?? 'Used from two places at once';
    }
    book.keep(id, state);
    return { tellings, reactions: isStolen ? [{ kind: 'session-stolen', userId: who.id, session, words }] : [] };
  }

  function heard(event: LedgerEvent, happening: Happening & { kind: 'answered' }): Outcome {
    const { who, session, clockMs: saidMs } = happening;
    const { id, state } = stateOf(who, event);
    const reasons = answerTo(state, happening, event.receivedAtMs);
    if (reasons === undefined) return nothing;
    const tellings = addReasons(event, state, reasons, '');
    book.keep(id, state);
    const isTheirs = happening.answer === 'me';
    return {
      tellings,
      reactions: isTheirs
        ? []
        : [{ kind: 'not-me', userId: who.id, userName: state.name, exceptSession: session, saidMs }],
    };
  }

  function change(who: Who, event: LedgerEvent, make: (state: State) => void): Outcome {
    const { id, state } = stateOf(who, event);
    make(state);
    book.keep(id, state);
    return nothing;
  }

  return {
    observe(event) {
      const happening = readHappening(event);
      if (happening === undefined) return nothing;
      counts.events += 1;
      switch (happening.kind) {
        case 'signed-in':
          return signedIn(event, happening);
        case 'failed':
          return failed(event, happening);
        case 'used':
          return used(event, happening);
        case 'answered':
          return heard(event, happening);
        case 'reset':
          return change(happening.who, event, (state) => {
            state.resetMs = event.receivedAtMs;
            state.sessions = [];
          });
        case 'ended': {
          const state = book.get(rowId(key, 'user', happening.userId));
          if (state === undefined) return nothing;
          return change({ kind: 'user', id: state.id, name: state.name }, event, (one) => {
            one.sessions = one.sessions.filter(({ id }) => id !== happening.session);
          });
        }
        case 'gone':
          book.remove(rowId(key, 'user', happening.id));
          return nothing;
        case 'judged':
          for (const [id, state] of judgedFindings(book, happening, event.receivedAtMs)) book.keep(id, state);
          return nothing;
      }
    },
    counts: () => ({ ...counts }),
  };
}
