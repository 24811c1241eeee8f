import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';

/** Bounds of what is held of one person, key or service. */
export const stateLimits = {
  seen: 24,
  reasons: 24,
  recent: 12,
  sessions: 8,
  sources: 8,
  told: 24,
  attackers: 64,
} as const;

const Text = Type.String({ maxLength: 400 });
const Time = Type.Number();
const Point = Type.Object({ latitude: Type.Number(), longitude: Type.Number(), radiusKm: Type.Number() });

/** Something that came with a sign-in: a browser, a country, a network. */
const Seen = Type.Object({
  value: Text,
  firstMs: Time,
  lastMs: Time,
  /** Different days (UTC) on which it came. */
  days: Type.Integer(),
  /** By a browser whose key was known, by its owner's word, or an analyst's. */
  isVouched: Type.Boolean(),
  /** The newest event that showed it, LOG/INDEX: it is forgotten with that. */
  event: Text,
});
export type Seen = Static<typeof Seen>;

const Reason = Type.Object({
  signal: Text,
  words: Text,
  points: Type.Number(),
  atMs: Time,
  untilMs: Time,
  /** Only of this session. */
  session: Type.Optional(Text),
  /** What was not known; known once somebody says that it is as it should be. */
  value: Type.Optional(Text),
  event: Text,
});
export type Reason = Static<typeof Reason>;

const At = Type.Object({
  isPrivate: Type.Boolean(),
  country: Type.Optional(Text),
  city: Type.Optional(Text),
  at: Type.Optional(Point),
  network: Text,
  isRelay: Type.Boolean(),
});

const SignIn = Type.Object({
  /** LOG-INDEX of its event. */
  id: Text,
  atMs: Time,
  session: Text,
  address: Text,
  country: Type.Optional(Text),
  city: Type.Optional(Text),
  browser: Text,
  /** Thumbprint of its key. */
  browserKey: Type.Optional(Text),
  network: Text,
  methods: Type.Array(Text),
  risk: Type.Integer(),
  words: Type.Array(Text),
  /** Why its session was ended for them. */
  ended: Type.Optional(Text),
  answer: Type.Optional(Type.Union([Type.Literal('me'), Type.Literal('not-me')])),
});
export type SignIn = Static<typeof SignIn>;

const SessionUse = Type.Object({
  id: Text,
  /** Bound to the key of a browser. */
  isBound: Type.Boolean(),
  browser: Text,
  place: At,
  address: Text,
  lastMs: Time,
  clockMs: Time,
  /** Newest last: when it changed from one network to another, and to which. */
  changes: Type.Array(Type.Object({ atMs: Time, block: Text, isFour: Type.Boolean() })),
});
export type SessionUse = Static<typeof SessionUse>;

const State = Type.Object({
  version: Type.Literal(1),
  kind: Type.Union([Type.Literal('user'), Type.Literal('key'), Type.Literal('service')]),
  id: Text,
  name: Text,
  firstMs: Time,
  lastMs: Time,
  /** Newest event about them. */
  event: Text,
  /** Sign-ins, or records of use. */
  times: Type.Integer(),
  browsers: Type.Array(Seen),
  keys: Type.Array(Seen),
  countries: Type.Array(Seen),
  networks: Type.Array(Seen),
  /** Sign-ins by hour of the day, UTC, fading. */
  hours: Type.Array(Type.Number(), { minItems: 24, maxItems: 24 }),
  hoursAtMs: Time,
  last: Type.Optional(Type.Object({ place: At, atMs: Time, clockMs: Time, event: Text })),
  resetMs: Type.Optional(Time),
  /** Failures by source, since the last success from there. */
  failures: Type.Array(
    Type.Object({
      source: Text,
      count: Type.Integer(),
      firstMs: Time,
      lastMs: Time,
      toldMs: Time,
      isSecondFactor: Type.Boolean(),
    }),
  ),
  /** What strangers tried: keyed hashes of their sources. */
  against: Type.Object({ firstMs: Time, lastMs: Time, count: Type.Integer(), sources: Type.Array(Text), toldMs: Time }),
  reasons: Type.Array(Reason),
  recent: Type.Array(SignIn),
  sessions: Type.Array(SessionUse),
  /** When which signal was told last. */
  told: Type.Array(Type.Object({ what: Text, atMs: Time, finding: Text, event: Text })),
  /** Signals somebody called expected, and until when they weigh half. */
  expected: Type.Array(Type.Object({ signal: Text, untilMs: Time })),
});
export type State = Static<typeof State>;

export function newState(who: { kind: State['kind']; id: string; name: string }, atMs: number, event: string): State {
  return {
    version: 1,
    kind: who.kind,
    id: who.id,
    name: who.name,
    firstMs: atMs,
    lastMs: atMs,
    event,
    times: 0,
    browsers: [],
    keys: [],
    countries: [],
    networks: [],
    hours: Array.from({ length: 24 }, () => 0),
    hoursAtMs: atMs,
    failures: [],
    against: { firstMs: 0, lastMs: 0, count: 0, sources: [], toldMs: 0 },
    reasons: [],
    recent: [],
    sessions: [],
    told: [],
    expected: [],
  };
}

/** Undefined for what another version wrote: it is learnt anew. */
export function readState(text: string): State | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(State, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
