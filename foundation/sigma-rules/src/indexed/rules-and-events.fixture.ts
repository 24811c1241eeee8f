import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../json.ts';

/** Few names and words, so that rules and events meet, and among them those that trip evaluators. */
const fields = [
  'Image',
  'CommandLine',
  'EventID',
  'a',
  'a.b',
  'a.b.c',
  'Threat Name',
  'ThreatName',
  '__proto__',
  'constructor',
  'Provider_Name',
  'ProviderName',
  'NewProcessName',
  'list',
] as const;

const words = [
  'cmd',
  'CMD',
  '\\cmd.exe',
  'C:\\Windows\\System32\\cmd.exe',
  'powershell -enc',
  '/enc',
  '–enc',
  '-enc',
  'whoami',
  'admin',
  'root',
  's',
  'ſ',
  'k',
  'K',
  'İ',
  'i̇',
  'ß',
  'ẞ',
  'ΣΑΣ',
  'σας',
  'é',
  'Д',
  '😀',
  '\uD83D',
  '\uDE00',
  '\uFFFD',
  'aaaa',
  'aaaaaaaaaaaab',
  '',
  ' ',
  '1',
  '01',
  '1.0',
  '0x17',
  'true',
  '4688',
  '9007199254740993',
  '10.1.2.3',
  '::ffff:10.1.2.3',
  '2026-01-02T03:04:05Z',
  'Y21k',
  'd2hvYW1p',
  'needle in the hay',
] as const;

/** Often, so that letters meet that differ in case alone. */
const frequentWords = ['cmd', 'CMD', 'Cmd', 'was', 'WAS', 'waſ', '-enc', '-ENC', '/enc', 'admin'] as const;

const word = fc.oneof(fc.constantFrom(...frequentWords), fc.constantFrom(...words));
const text = fc.oneof(
  { weight: 3, arbitrary: word },
  fc.array(word, { maxLength: 3 }).map((parts) => parts.join('')),
);
const pattern = fc.oneof(
  { weight: 3, arbitrary: text },
  fc
    .array(fc.oneof(word, fc.constantFrom('*', '?', '\\*', '\\?', '\\\\', '**')), { maxLength: 4 })
    .map((parts) => parts.join('')),
);
const scalar = fc.oneof(pattern, fc.constantFrom(1, 7, 4688, 1.5, 0, 2 ** 60, true, false));

const regex = fc.oneof(
  fc.constantFrom(
    'cmd',
    '(?i)CMD\\.exe$',
    '^C:.*(cmd|powershell)',
    '(?:who|what)ami',
    'p(?i:OWER)shell',
    'a{3,}b',
    'x*needle?',
    '[a-c]md|\\d{2,}',
    '(?i)[-/–]enc',
    '😀|é',
    '(?i)ſ|K',
    '(?i)was',
    '(?i)WA(S)+',
    '(a+a+)+b',
    'σας',
    '\\\\cmd\\.exe',
    '',
  ),
  fc
    .array(
      fc.constantFrom(
        'cmd',
        'a',
        '.',
        '\\s',
        '(',
        ')',
        '|',
        '+',
        '*',
        '?',
        '[',
        ']',
        '-enc',
        '(?i)',
        '{2}',
        'whoami',
        'ſ',
        '^',
        '$',
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join('')),
);

const shapes = [
  '',
  '|contains',
  '|startswith',
  '|endswith',
  '|contains|all',
  '|cased',
  '|contains|cased',
  '|endswith|cased',
  '|windash',
  '|contains|windash',
  '|contains|windash|all',
  '|neq',
  '|contains|neq',
  '|expand',
  '|contains|expand',
] as const;
const encodings = [
  '|base64',
  '|base64offset|contains',
  '|wide|base64offset|contains',
  '|utf16le|base64|contains',
  '|utf16be',
  '|utf16',
] as const;
const several = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 4 }), fc.array(value, { minLength: 7, maxLength: 9 }));

/** One `field|modifiers: values`. */
const item = fc
  .tuple(
    fc.constantFrom(...fields),
    fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...shapes), several(scalar)) },
      { weight: 2, arbitrary: fc.tuple(fc.constantFrom('|re', '|re|i', '|re|m|s', '|re|neq'), several(regex)) },
      fc.tuple(fc.constantFrom(...encodings), several(word)),
      fc.tuple(
        fc.constantFrom('|gt', '|gte', '|lt', '|lte', '|minute', '|hour', '|hour|gte', '|week|lt'),
        fc.constantFrom(1, 3, 4688, 2026),
      ),
      fc.tuple(fc.constant('|cidr'), several(fc.constantFrom('10.0.0.0/8', '::/0', '10.1.2.3'))),
      fc.tuple(
        fc.constantFrom('|fieldref', '|fieldref|contains', '|fieldref|endswith|cased', '|fieldref|neq'),
        fc.constantFrom(...fields),
      ),
      fc.tuple(fc.constant('|exists'), fc.boolean()),
      fc.tuple(fc.constantFrom('', '|neq'), fc.constant(null)),
      fc.tuple(fc.constant('|expand'), fc.constantFrom('%who%', 'x%who%*')),
    ),
  )
  .map(([field, [modifiers, values]]) => [`${field}${modifiers}`, values] as const);

const map = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => Object.fromEntries(items));
const keyword = fc.oneof({ weight: 4, arbitrary: pattern }, fc.constantFrom(7, 4688, true));
const detection = fc.oneof(
  { weight: 4, arbitrary: map },
  fc.array(map, { minLength: 1, maxLength: 3 }),
  fc.array(keyword, { minLength: 1, maxLength: 4 }),
  fc
    .tuple(
      fc.constantFrom('|all', '|re', '|contains', '|cased', '|neq'),
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
    )
    .map(([modifier, values]) => ({ [modifier]: values })),
);
const conditions = [
  'sel_a',
  'sel_a',
  'not sel_a',
  'sel_a and sel_b',
  'sel_a and not sel_b',
  'sel_a or sel_b and not filter',
  'not (sel_a or filter)',
  'not (sel_a and not sel_b)',
  '1 of sel_*',
  'all of sel_*',
  '2 of them',
  'not 2 of them',
  '1 of them and not filter',
  '3 of sel_*',
] as const;
const logsources = [
  { category: 'process_creation', product: 'windows' },
  { product: 'windows' },
  { product: 'windows', service: 'security' },
  { category: 'webserver' },
  { product: 'linux' },
] as const;

let order = 0;

/** The text of a rule: JSON is YAML. Some are refused; ids are all different. */
export const ruleArbitrary: fc.Arbitrary<string> = fc
  .record({
    sel_a: detection,
    sel_b: detection,
    filter: detection,
    condition: fc.constantFrom(...conditions),
    logsource: fc.constantFrom(...logsources),
  })
  .map(({ condition, logsource, ...detections }) => {
    order += 1;
    return JSON.stringify({ title: 'T', id: `r-${order}`, logsource, detection: { ...detections, condition } });
  });

const eventScalar: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 6, arbitrary: text },
  fc.constantFrom<JsonValue>(null, true, false, 1, 7, 4688, 1.5, 2 ** 60),
);
const eventValue: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 5, arbitrary: eventScalar },
  fc.array(eventScalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('b', 'b.c', 'c', 'x y', '__proto__', '#text'), eventScalar, { maxKeys: 3 }),
  fc.array(
    fc.oneof(
      eventScalar,
      fc.dictionary(fc.constantFrom('b', 'c'), eventScalar),
      fc.array(eventScalar, { maxLength: 2 }),
    ),
    { maxLength: 2 },
  ),
);

/** An object as `JSON.parse` gives it: a name may be `__proto__`. */
function asParsed(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  const members = new Map(entries);
  return JSON.parse(
    `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );
}

const flatEvent = fc
  .array(fc.tuple(fc.constantFrom(...fields, 'Channel', 'other', 'deep'), eventValue), { maxLength: 7 })
  .map(asParsed);

/** Records of every shape the reader knows. */
export const eventArbitrary: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 5, arbitrary: flatEvent },
  flatEvent.map((event) => ({ ...event, EventID: 4688, Channel: 'Security' })),
  flatEvent.map((event) => ({
    Event: { System: { EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational' }, EventData: event },
    a: 1,
  })),
  fc.tuple(flatEvent, flatEvent).map(([event, data]) => ({ ...event, EventID: 1, EventData: JSON.stringify(data) })),
  fc
    .tuple(flatEvent, fc.integer({ min: 28, max: 36 }))
    .map(([event, depth]) => ({ ...event, deep: JSON.parse(`${'['.repeat(depth)}"cmd"${']'.repeat(depth)}`) })),
  fc
    .tuple(flatEvent, fc.constantFrom(1000, 1030))
    .map(([event, length]) => ({ ...event, a: { ['n'.repeat(length)]: 'cmd', b: 'cmd' } })),
);
