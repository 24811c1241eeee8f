import { isJsonObject } from './json-value.ts';
import { ocsfClass } from './ocsf.ts';
import type { JsonObject, JsonValue, OcsfEvent } from './ocsf.ts';
import { formatPosition, parsePosition } from './position.ts';
import type { Position } from './position.ts';

/** How much a rule's author thinks a match matters: Sigma's levels, in rising order. */
export const findingLevels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type FindingLevel = (typeof findingLevels)[number];

/** Upper bounds of a finding: the builder cuts to them, the parser refuses or cuts what is over. Characters, or entries. */
export const findingLimits = {
  identifier: 256,
  title: 512,
  description: 4096,
  response: 2048,
  file: 512,
  field: 256,
  value: 512,
  matched: 32,
  attacks: 64,
  generation: 3,
  related: 1000,
} as const;

/** A tactic, technique or sub-technique of MITRE ATT&CK; at least one is given. */
export type FindingAttack = {
  /** `lateral-movement` */
  readonly tactic?: string;
  /** `T1021` */
  readonly technique?: string;
  /** `T1021.002` */
  readonly subTechnique?: string;
};

/** A field of the input that made the rule match, with its value as text. Content of an event: never stored in clear. */
export type MatchedField = { readonly field: string; readonly value: string };

/** Who and where, besides host and user, as far as the event says. Content of an event: never stored in clear. */
export type FindingEntities = {
  /** Network address it came from. */
  readonly source?: string;
  /** The program it is about, else the acting one: a path or a name. */
  readonly process?: string;
  /** Of a cloud: the acting identity (an ARN, an access key), its account and region. */
  readonly identity?: string;
  readonly account?: string;
  readonly region?: string;
  /** Where: what people called the site of its camera or source. */
  readonly site?: string;
  /** Id of the AI agent that acted, and of its session. */
  readonly agent?: string;
  readonly agent_session?: string;
  /** Id of the camera that saw it. */
  readonly camera?: string;
  /** SHA-256, hex, of the picture that shows it, and of the last one before it began. */
  readonly picture?: string;
  readonly picture_before?: string;
};

const entityNames = [
  'source',
  'process',
  'identity',
  'account',
  'region',
  'site',
  'agent',
  'agent_session',
  'camera',
  'picture',
  'picture_before',
] as const;

/**
 * What a detection found: a rule matched one event of the log. Written to the ledger as an OCSF 1.8
 * Detection Finding (class 2004) without `raw_data`; a class 2004 event with `raw_data` came in from outside and is not ours.
 */
export type Finding = {
  /** The same for the same rule and input, on every run. */
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  /** What the rule's author says to do first. */
  readonly response?: string;
  /** Ledger time of the input, milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly level: FindingLevel;
  /** `author` as the rule names them: licences of rules ask that messages about matches keep it. */
  readonly rule: { readonly id: string; readonly file?: string; readonly author?: string };
  readonly attacks: readonly FindingAttack[];
  /** The event the rule matched; of a correlation, the event that made it match. */
  readonly input: Position;
  /** Of a correlation: the other events it rests on, in order. */
  readonly related?: readonly Position[];
  /** 1 when the input came from outside, one more than the input's otherwise; at most 3. */
  readonly generation: number;
  readonly matched: readonly MatchedField[];
  readonly host?: string;
  readonly user?: string;
  readonly entities?: FindingEntities;
};

/** OCSF `severity_id` of a level: 1 (informational) to 5 (critical). */
export function severityOfLevel(level: FindingLevel): number {
  return findingLevels.indexOf(level) + 1;
}

/** The finding as an OCSF event. The same finding gives the same JSON text, byte for byte. */
export function findingBody(finding: Finding): OcsfEvent {
  const severity = severityOfLevel(finding.level);
  const input = formatPosition(finding.input);
  const title = cut(finding.title, findingLimits.title);
  return {
    class_uid: ocsfClass.detectionFinding,
    category_uid: 2,
    type_uid: ocsfClass.detectionFinding * 100 + 1,
    activity_id: 1,
    severity_id: severity,
    time: finding.createdAtMs,
    is_alert: true,
    status_id: 1,
    metadata: { version: '1.8.0', product: { name: 'Sallyport', vendor_name: 'Sallyport' }, profiles: ['host'] },
    finding_info: {
      uid: cut(finding.uid, findingLimits.identifier),
      title,
      ...(finding.description === undefined ? {} : { desc: cut(finding.description, findingLimits.description) }),
      created_time: finding.createdAtMs,
      analytic: { uid: cut(finding.rule.id, findingLimits.identifier), name: title, type_id: 1, type: 'Rule' },
      attacks: finding.attacks.slice(0, findingLimits.attacks).map(attackBody),
      related_events: [input, ...(finding.related ?? []).slice(0, findingLimits.related).map(formatPosition)].map(
        (uid) => ({ uid }),
      ),
    },
    ...(finding.response === undefined ? {} : { remediation: { desc: cut(finding.response, findingLimits.response) } }),
    ...(finding.host === undefined ? {} : { device: { hostname: cut(finding.host, findingLimits.value), type_id: 0 } }),
    ...(finding.user === undefined ? {} : { actor: { user: { name: cut(finding.user, findingLimits.value) } } }),
    unmapped: {
      sallyport: {
        generation: finding.generation,
        input,
        rule: {
          ...(finding.rule.file === undefined ? {} : { file: cut(finding.rule.file, findingLimits.file) }),
          ...(finding.rule.author === undefined ? {} : { author: cut(finding.rule.author, findingLimits.file) }),
          level: finding.level,
        },
        ...(finding.entities === undefined ? {} : { entities: cutEntities(finding.entities) }),
        matched: finding.matched.slice(0, findingLimits.matched).map(({ field, value }) => ({
          field: cut(field, findingLimits.field),
          value: cut(value, findingLimits.value),
        })),
      },
    },
  };
}

/**
 * The finding in an event's body, or undefined when it is none of ours: another class, a foreign finding
 * (`raw_data` present), or a part missing or malformed. Never throws; the result is within `findingLimits`.
 */
export function parseFinding(body: JsonValue): Finding | undefined {
  if (!isJsonObject(body) || body['class_uid'] !== ocsfClass.detectionFinding || body['raw_data'] !== undefined) {
    return undefined;
  }
  const info = objectAt(body, 'finding_info');
  const own = objectAt(objectAt(body, 'unmapped'), 'sallyport');
  const rule = objectAt(own, 'rule');
  const uid = identifier(info['uid']);
  const ruleId = identifier(objectAt(info, 'analytic')['uid']);
  const title = text(info['title'], findingLimits.title);
  const createdAtMs = integer(info['created_time'], Number.MAX_SAFE_INTEGER);
  const generation = integer(own['generation'], findingLimits.generation);
  const level = findingLevels.find((known) => known === rule['level']);
  const inputText = own['input'];
  const input = typeof inputText === 'string' ? parsePosition(inputText) : undefined;
  if (uid === undefined || ruleId === undefined || title === undefined || createdAtMs === undefined) return undefined;
  if (generation === undefined || level === undefined || input === undefined) return undefined;
  const description = text(info['desc'], findingLimits.description);
  const response = text(objectAt(body, 'remediation')['desc'], findingLimits.response);
  const file = text(rule['file'], findingLimits.file);
  const author = text(rule['author'], findingLimits.file);
  // The first is the input itself.
  const related = listAt(info, 'related_events', findingLimits.related + 1)
    .slice(1)
    .flatMap(parseRelated);
  const host = text(objectAt(body, 'device')['hostname'], findingLimits.value);
  const user = text(objectAt(objectAt(body, 'actor'), 'user')['name'], findingLimits.value);
  return {
    uid,
    title,
    ...(description === undefined ? {} : { description }),
    ...(response === undefined ? {} : { response }),
    createdAtMs,
    level,
    rule: {
      id: ruleId,
      ...(file === undefined ? {} : { file }),
      ...(author === undefined ? {} : { author }),
    },
    attacks: listAt(info, 'attacks', findingLimits.attacks).flatMap(parseAttack),
    input,
    ...(related.length === 0 ? {} : { related }),
    generation,
    matched: listAt(own, 'matched', findingLimits.matched).flatMap(parseMatched),
    ...(host === undefined ? {} : { host }),
    ...(user === undefined ? {} : { user }),
    ...parseEntities(own['entities']),
  };
}

function cutEntities(entities: FindingEntities): JsonObject {
  return Object.fromEntries(
    entityNames.flatMap((name) => {
      const value = entities[name];
      return value === undefined ? [] : [[name, cut(value, findingLimits.value)]];
    }),
  );
}

function parseEntities(value: JsonValue | undefined): { entities?: FindingEntities } {
  if (!isJsonObject(value)) return {};
  const entities: { -readonly [Name in keyof FindingEntities]: FindingEntities[Name] } = {};
  for (const name of entityNames) {
    const found = text(value[name], findingLimits.value);
    if (found !== undefined && found !== '') entities[name] = found;
  }
  return Object.keys(entities).length === 0 ? {} : { entities };
}

function attackBody(attack: FindingAttack): JsonObject {
  return {
    ...(attack.tactic === undefined ? {} : { tactic: { name: cut(attack.tactic, findingLimits.field) } }),
    ...(attack.technique === undefined ? {} : { technique: { uid: cut(attack.technique, findingLimits.field) } }),
    ...(attack.subTechnique === undefined
      ? {}
      : { sub_technique: { uid: cut(attack.subTechnique, findingLimits.field) } }),
  };
}

function parseAttack(value: JsonValue): FindingAttack[] {
  if (!isJsonObject(value)) return [];
  const tactic = text(objectAt(value, 'tactic')['name'], findingLimits.field);
  const technique = text(objectAt(value, 'technique')['uid'], findingLimits.field);
  const subTechnique = text(objectAt(value, 'sub_technique')['uid'], findingLimits.field);
  if (tactic === undefined && technique === undefined && subTechnique === undefined) return [];
  return [
    {
      ...(tactic === undefined ? {} : { tactic }),
      ...(technique === undefined ? {} : { technique }),
      ...(subTechnique === undefined ? {} : { subTechnique }),
    },
  ];
}

function parseRelated(entry: JsonValue): Position[] {
  const uid = isJsonObject(entry) ? entry['uid'] : undefined;
  const position = typeof uid === 'string' ? parsePosition(uid) : undefined;
  return position === undefined ? [] : [position];
}

function parseMatched(entry: JsonValue): MatchedField[] {
  if (!isJsonObject(entry)) return [];
  const field = text(entry['field'], findingLimits.field);
  const value = text(entry['value'], findingLimits.value);
  return field === undefined || value === undefined ? [] : [{ field, value }];
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = parent[name];
  return isJsonObject(value) ? value : {};
}

function listAt(parent: JsonObject, name: string, limit: number): readonly JsonValue[] {
  const value = parent[name];
  return isList(value) ? value.slice(0, limit) : [];
}

/** `Array.isArray` alone does not narrow a readonly array out of the union. */
function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function integer(value: JsonValue | undefined, limit: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= limit ? value : undefined;
}

function text(value: JsonValue | undefined, limit: number): string | undefined {
  return typeof value === 'string' ? cut(value, limit) : undefined;
}

/** Identifiers are compared and stored: one that is too long is refused, not cut into another. */
function identifier(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= findingLimits.identifier ? value : undefined;
}

function cut(value: string, limit: number): string {
  return (value.length <= limit ? value : value.slice(0, limit)).toWellFormed();
}
