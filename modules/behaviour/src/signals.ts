import { erasedText, isJsonObject, isSystemAccount, lostText, ocsfClass } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

export const entityKinds = ['user', 'host', 'device', 'camera', 'agent', 'key'] as const;
export type EntityKind = (typeof entityKinds)[number];

/** What is judged together and told as one finding. */
export const topics = ['sign-in', 'process', 'rate', 'steps', 'motion', 'network'] as const;
export type Topic = (typeof topics)[number];

/** One thing an event says of an entity. */
export type Signal =
  | { readonly topic: Topic; readonly aspect: string; readonly kind: 'value'; readonly value: string }
  | { readonly topic: Topic; readonly aspect: string; readonly kind: 'step'; readonly value: string }
  | { readonly topic: Topic; readonly aspect: string; readonly kind: 'count' };

export type EntitySignals = {
  readonly kind: EntityKind;
  readonly name: string;
  readonly signals: readonly Signal[];
};

const longestName = 200;
/** `status_id` of OCSF. */
const failed = 2;
const count = (topic: Topic): Signal => ({ topic, aspect: 'events', kind: 'count' });

/**
 * What an event says about whom, at most six entities. Times of day are those of receipt, which no sender chooses. Only events of our own
 * speak for cameras and agents.
 */
export function signalsOf(event: JsonObject, receivedAtMs: number): EntitySignals[] {
  const found: EntitySignals[] = [];
  const add = (kind: EntityKind, name: string | undefined, signals: readonly Signal[]): void => {
    if (name !== undefined) found.push({ kind, name, signals });
  };
  const classUid = event['class_uid'];
  const isOwn = event['raw_data'] === undefined;
  const isSignIn = classUid === ocsfClass.authentication && event['activity_id'] === 1;
  const network = networkOf(textAt(event, 'src_endpoint', 'ip'));
  const byNetwork: Signal[] =
    network === undefined ? [] : [{ topic: 'network', aspect: 'network', kind: 'value', value: network }];

  const subject = isSignIn ? textAt(event, 'user', 'name') : undefined;
  // Of our own events, keys, devices and the server itself act as users too: only people are people.
  const actorType = textAt(event, 'actor', 'user', 'type');
  const isPerson = !isOwn || actorType === 'user' || isSignIn;
  const user =
    subject ?? (isPerson ? (textAt(event, 'actor', 'user', 'name') ?? textAt(event, 'user', 'name')) : undefined);
  const signIn = isSignIn ? signInSignals(event, network, receivedAtMs) : [];
  // The operating system itself is the same on every host: of all of them together there is nothing to learn, of each its host says it.
  // Who fails to sign in may be anybody: it says nothing of whom they claim to be.
  const isNobody = user !== undefined && !isOwn && isSystemAccount(user);
  if (!isNobody && (!isSignIn || event['status_id'] !== failed)) add('user', user, [...signIn, count('rate')]);

  const host = textAt(event, 'device', 'hostname') ?? textAt(event, 'device', 'name');
  add('host', host, [...processSignals(event), count('rate')]);
  add('device', textAt(event, 'device', 'uid'), [count('rate')]);

  const key = keyOf(event, isOwn, actorType);
  const operation = textAt(event, 'api', 'operation');
  const steps: Signal[] =
    operation === undefined ? [] : [{ topic: 'steps', aspect: 'operation', kind: 'step', value: operation }];
  add('key', key, [...steps, ...byNetwork, count('rate')]);

  const own = objectAt(objectAt(event, 'unmapped'), 'sallyport');
  if (isOwn) {
    add('camera', textAt(own, 'camera', 'id'), [hourSignal('motion', receivedAtMs), count('motion')]);
    add('agent', textAt(own, 'agent', 'id'), agentSignals(objectAt(own, 'agent'), receivedAtMs));
  }
  return found;
}

/** A call is one step, told when it was decided: that it was asked about or came back is no other. */
function agentSignals(agent: JsonObject, receivedAtMs: number): Signal[] {
  const tool = textAt(agent, 'tool');
  if (tool === undefined || textAt(agent, 'verdict') === undefined) return [];
  const server = textAt(agent, 'server');
  const destination = textAt(agent, 'destination');
  return [
    { topic: 'steps', aspect: 'tool', kind: 'step', value: server === undefined ? tool : `${server}/${tool}` },
    ...(destination === undefined
      ? []
      : [{ topic: 'network', aspect: 'destination', kind: 'value', value: destination } as const]),
    hourSignal('rate', receivedAtMs),
    count('rate'),
  ];
}

function signInSignals(event: JsonObject, network: string | undefined, receivedAtMs: number): Signal[] {
  const client = textAt(event, 'http_request', 'user_agent') ?? textAt(event, 'src_endpoint', 'hostname');
  return [
    hourSignal('sign-in', receivedAtMs),
    ...(network === undefined ? [] : [{ topic: 'sign-in', aspect: 'network', kind: 'value', value: network } as const]),
    ...(client === undefined
      ? []
      : [{ topic: 'sign-in', aspect: 'client', kind: 'value', value: withoutNumbers(client) } as const]),
  ];
}

function processSignals(event: JsonObject): Signal[] {
  if (event['class_uid'] !== ocsfClass.processActivity || event['activity_id'] !== 1) return [];
  const path = textAt(event, 'process', 'file', 'path') ?? textAt(event, 'process', 'name');
  return path === undefined ? [] : [{ topic: 'process', aspect: 'process', kind: 'value', value: programOf(path) }];
}

function keyOf(event: JsonObject, isOwn: boolean, actorType: string | undefined): string | undefined {
  if (isOwn) return actorType === 'key' ? textAt(event, 'actor', 'user', 'uid') : undefined;
  if (event['class_uid'] !== ocsfClass.apiActivity) return undefined;
  return textAt(event, 'actor', 'user', 'credential_uid') ?? textAt(event, 'actor', 'session', 'issuer');
}

function hourSignal(topic: Topic, timeMs: number): Signal {
  const time = new Date(timeMs);
  const isWeekend = time.getUTCDay() === 0 || time.getUTCDay() === 6;
  const hour = String(time.getUTCHours()).padStart(2, '0');
  return { topic, aspect: 'hour', kind: 'value', value: `${isWeekend ? 'weekend' : 'weekday'} ${hour}:00 UTC` };
}

/** The /16 of an IPv4 address, the /32 of an IPv6 one: about a provider's region. */
export function networkOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const [, first, second] = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(address) ?? [];
  if (first !== undefined && second !== undefined) return `${first}.${second}.0.0/16`;
  const [, high, low] = /^([0-9a-f]{1,4}):([0-9a-f]{0,4}):/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return `${high}:${low === '' ? '0' : low}::/32`.toLowerCase();
}

/** A program without the folder of whoever ran it, and without what changes with each version or start. */
export function programOf(path: string): string {
  return withoutNumbers(path.toLowerCase())
    .replace(/([\\/](?:users|home|documents and settings)[\\/])[^\\/]+/u, '$1*')
    .slice(-longestName);
}

/** Updates are no news: digits after the first are one. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+(?:\.\d+)+/g, '#').replaceAll(/[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}/gi, '#');
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined;
  return isJsonObject(value) ? value : {};
}

function textAt(event: JsonObject, ...path: readonly string[]): string | undefined {
  let value: JsonValue | undefined = event;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (typeof value !== 'string' || value === '' || value === erasedText || value === lostText) return undefined;
  return nameOf(value);
}

/**
 * Cut, and no half characters left at the cut: such would not be the same after a trip through UTF-8. What is cut is copied: a piece of a
 * string keeps the whole of it in memory.
 */
export function nameOf(text: string): string {
  return text.length <= longestName ? text.toWellFormed() : Buffer.from(text.slice(0, longestName)).toString();
}
