import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** A fact that a policy looked at, as a sentence for people. What has no words of its own is said with its name. */
export function factWords({
  of,
  name,
  value,
}: {
  readonly of: string;
  readonly name: string;
  readonly value?: JsonValue | undefined;
}): string {
  const said = value === undefined ? undefined : sentences[`${of}.${name}`]?.(value);
  if (said !== undefined) return said;
  return value === undefined ? `Nobody could tell ${of}.${name}` : `${of}.${name} was ${JSON.stringify(value)}`;
}

const yesNo =
  (yes: string, no: string) =>
  (value: JsonValue): string | undefined =>
    value === true ? yes : value === false ? no : undefined;
const number =
  (words: (value: number) => string) =>
  (value: JsonValue): string | undefined =>
    typeof value === 'number' ? words(value) : undefined;
const list =
  (some: (values: string) => string, none: string) =>
  (value: JsonValue): string | undefined =>
    Array.isArray(value) ? (value.length === 0 ? none : some(value.map(nameOf).join(', '))) : undefined;

const sentences: Readonly<Record<string, (value: JsonValue) => string | undefined>> = {
  'principal.assurance': number((value) =>
    value >= 3
      ? 'They signed in with a passkey or certificate'
      : value === 2
        ? 'They signed in with two factors'
        : 'They signed in with one factor, or a weak second one',
  ),
  'principal.weakFactor': yesNo(
    'Their second factor was a code by e-mail or SMS',
    'Their second factor was no code by e-mail or SMS',
  ),
  'principal.methods': list((values) => `They signed in by ${values}`, 'How they signed in is not known'),
  'principal.bound': yesNo(
    'Their session was bound to their browser’s key',
    'Their session was bound to no key of their browser',
  ),
  'principal.provider': (value) =>
    value === 'local'
      ? 'They signed in here, by no provider'
      : typeof value === 'string'
        ? `Provider ${value} vouched for them`
        : undefined,
  'principal.holdsRole': yesNo('They held a role', 'They held no role'),
  'principal.risk': number((value) => `Their risk was ${value} of 100`),
  'principal.riskFresh': yesNo('Their risk had been told just before', 'Nobody could tell their risk just then'),
  'principal.scopes': list((values) => `It had the scopes ${values}`, 'It had no scopes'),
  'principal.sites': list((values) => `It was made for the sites ${values}`, 'It was made for other sites'),
  'resource.kind': (value) => (typeof value === 'string' ? `It was about a device of the kind ${value}` : undefined),
  'resource.approved': yesNo('The device was approved', 'The device was not approved'),
  'resource.quietSeconds': number((value) => `The device had been silent for ${value} seconds`),
  'context.action': (value) => (typeof value === 'string' ? `They asked for ${value}` : undefined),
  'context.channel': (value) =>
    value === 'socket' ? 'It came through the socket on the machine itself' : 'It came over the network',
  'context.address': (value) => `It came from ${nameOf(value)}`,
  'context.hour': number((value) => `It was between ${value}:00 and ${value}:59 there`),
  'context.weekday': number((value) => `It was a ${weekdays[value - 1] ?? 'day of the week'}`),
  'context.proofAgeSeconds': number((value) =>
    value > 1_000_000_000
      ? 'When they last proved who they are is not known'
      : `They had proved who they are ${value} seconds before`,
  ),
};

function nameOf(value: JsonValue): string {
  if (!isJsonObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const { __entity: entity, __extn: extension } = value;
  if (isJsonObject(entity) && typeof entity['id'] === 'string') return entity['id'];
  if (isJsonObject(extension) && typeof extension['arg'] === 'string') return extension['arg'];
  return JSON.stringify(value);
}
