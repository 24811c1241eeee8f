import { erasedText, isJsonObject, lostText, ocsfClass } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';

/** From where, with what, by whose clock. */
type Circumstances = {
  readonly address: string;
  /** The browser's name for itself: anybody can say anything. */
  readonly agent: string;
  /** Thumbprint of the key the browser is bound to; nobody has it without the browser. */
  readonly browserKey?: string;
  /** What our own clock said; ledger time may be later. */
  readonly clockMs: number;
};
export type Who = { readonly kind: 'user' | 'key' | 'service'; readonly id: string; readonly name: string };

export type SignedIn = Circumstances & {
  readonly kind: 'signed-in';
  readonly who: Who;
  readonly session: string;
  readonly methods: readonly string[];
};
export type Failed = Circumstances & {
  readonly kind: 'failed';
  readonly who?: Who;
  readonly name: string;
  readonly reason: string;
};
export type Used = Circumstances & { readonly kind: 'used'; readonly who: Who; readonly session?: string };
export type Answered = {
  readonly kind: 'answered';
  readonly who: Who;
  readonly signIn: string;
  readonly answer: 'me' | 'not-me';
  readonly session: string;
  /** What our own clock said. */
  readonly clockMs: number;
};

/** What the records of our own say of who comes and goes. */
export type Happening =
  | SignedIn
  | Failed
  | Used
  | Answered
  /** Password or factors were taken away, for a link to begin anew. */
  | { readonly kind: 'reset'; readonly who: Who }
  | { readonly kind: 'gone'; readonly id: string }
  | { readonly kind: 'ended'; readonly userId: string; readonly session: string }
  /** What an analyst said of an alert that rests on these findings. */
  | {
      readonly kind: 'judged';
      readonly by: string;
      readonly findings: readonly string[];
      readonly isExpected: boolean;
    };

const classes: ReadonlySet<number> = new Set([
  ocsfClass.accountChange,
  ocsfClass.authentication,
  ocsfClass.entityManagement,
  ocsfClass.apiActivity,
]);
const mark = Buffer.from('"audit"');
const longestName = 200;
/** Refusals that say nothing of whether somebody guesses. */
const noGuess: ReadonlySet<string> = new Set(['user_disabled', 'user_not_ready']);
const expectedWords: ReadonlySet<unknown> = new Set(['expected', 'benign', 'false_positive']);
const confirmedWords: ReadonlySet<unknown> = new Set(['confirmed', 'true_positive']);
export const answerAction = 'access-risk.answer';

/** Undefined for all that is not about coming and going, and for what anybody else sent: that carries `raw_data`. Never throws. */
export function readHappening({ classUid, body }: LedgerEvent): Happening | undefined {
  if (body === undefined || !classes.has(classUid)) return undefined;
  // Most events come from outside: that is told without parsing.
  if (!Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(mark)) return undefined;
  const event = parse(body);
  if (event === undefined || event['raw_data'] !== undefined) return undefined;
  if (textAt(event, 'metadata', 'log_name') !== 'audit') return undefined;
  const action = textAt(event, 'metadata', 'event_code') ?? '';
  const details = objectAt(event, 'unmapped', 'sallyport', 'details');
  switch (action) {
    case 'session.sign-in':
      return signIn(event, details);
    case 'session.end':
    case 'session.reuse':
      return ended(event);
    case 'user.reset':
    case 'user.recover':
      return reset(event);
    case 'user.delete':
      return gone(event);
    case 'request.allowed':
      return used(event, details);
    case answerAction:
      return answered(event, details);
    case 'alert.update':
      return judged(event, details);
    default:
      return undefined;
  }
}

function signIn(event: JsonObject, details: JsonObject): Happening | undefined {
  const name = textAt(event, 'user', 'name') ?? '';
  const id = textAt(event, 'user', 'uid');
  const who = id === undefined ? undefined : ({ kind: 'user', id, name } as const);
  const circumstances = circumstancesOf(event, details);
  if (event['status_id'] === 2) {
    const reason = textAt(event, 'status_detail') ?? '';
    return noGuess.has(reason)
      ? undefined
      : { kind: 'failed', ...circumstances, ...(who === undefined ? {} : { who }), name, reason };
  }
  const session = textAt(event, 'session', 'uid');
  if (who === undefined || session === undefined) return undefined;
  const { methods } = details;
  return {
    kind: 'signed-in',
    ...circumstances,
    who,
    session,
    methods: isList(methods)
      ? methods.flatMap((method) => (typeof method === 'string' ? [method.slice(0, 60)] : []))
      : [],
  };
}

function ended(event: JsonObject): Happening | undefined {
  const [userId, session] = [textAt(event, 'user', 'uid'), textAt(event, 'session', 'uid')];
  return userId === undefined || session === undefined ? undefined : { kind: 'ended', userId, session };
}

function reset(event: JsonObject): Happening | undefined {
  const who = targetOf(event);
  return who === undefined ? undefined : { kind: 'reset', who };
}

function gone(event: JsonObject): Happening | undefined {
  const who = targetOf(event);
  return who === undefined ? undefined : { kind: 'gone', id: who.id };
}

function targetOf(event: JsonObject): Who | undefined {
  const target = objectAt(event, 'unmapped', 'sallyport', 'target');
  const id = textAt(target, 'id');
  return id === undefined ? undefined : { kind: 'user', id, name: textAt(target, 'name') ?? '' };
}

function used(event: JsonObject, details: JsonObject): Happening | undefined {
  const type = textAt(event, 'actor', 'user', 'type');
  const id = textAt(event, 'actor', 'user', 'uid');
  const session = textAt(event, 'session', 'uid');
  if (id === undefined || (type !== 'key' && type !== 'service' && !(type === 'user' && session !== undefined)))
    return undefined;
  const who: Who = { kind: type === 'user' ? 'user' : type, id, name: textAt(event, 'actor', 'user', 'name') ?? '' };
  return { kind: 'used', ...circumstancesOf(event, details), who, ...(session === undefined ? {} : { session }) };
}

function answered(event: JsonObject, details: JsonObject): Happening | undefined {
  const [id, name] = [textAt(event, 'actor', 'user', 'uid'), textAt(event, 'actor', 'user', 'name') ?? ''];
  const [signIn, answer, session] = [
    textAt(details, 'sign_in'),
    textAt(details, 'answer'),
    textAt(details, 'session') ?? '',
  ];
  if (id === undefined || signIn === undefined || (answer !== 'me' && answer !== 'not-me')) return undefined;
  return { kind: 'answered', who: { kind: 'user', id, name }, signIn, answer, session, clockMs: clockOf(event) };
}

function judged(event: JsonObject, details: JsonObject): Happening | undefined {
  const isExpected = expectedWords.has(details['disposition']);
  if (!isExpected && !confirmedWords.has(details['disposition'])) return undefined;
  const { finding, findings } = details;
  const told = [finding, ...(isList(findings) ? findings : [])];
  return {
    kind: 'judged',
    by: textAt(event, 'actor', 'user', 'uid') ?? '',
    isExpected,
    findings: told.flatMap((one) => (typeof one === 'string' ? [one] : [])).slice(0, 101),
  };
}

function circumstancesOf(event: JsonObject, details: JsonObject): Circumstances {
  const browserKey = textAt(details, 'browser_key');
  return {
    address: (textAt(details, 'address') ?? textAt(event, 'src_endpoint', 'ip') ?? '').slice(0, 64),
    agent: textAt(event, 'http_request', 'user_agent') ?? '',
    ...(browserKey === undefined ? {} : { browserKey }),
    clockMs: clockOf(event),
  };
}

function clockOf({ time }: JsonObject): number {
  return typeof time === 'number' ? time : 0;
}

function parse(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function objectAt(event: JsonObject, ...path: readonly string[]): JsonObject {
  let value: JsonObject = event;
  for (const name of path) {
    const found: JsonValue | undefined = Object.hasOwn(value, name) ? value[name] : undefined;
    value = isJsonObject(found) ? found : {};
  }
  return value;
}

/** Cut and copied: a piece of a string keeps the whole of it in memory. */
function textAt(event: JsonObject, ...path: readonly string[]): string | undefined {
  const value = objectAt(event, ...path.slice(0, -1))[path.at(-1) ?? ''];
  if (typeof value !== 'string' || value === '' || value === erasedText || value === lostText) return undefined;
  return Buffer.from(value.slice(0, longestName)).toString();
}
