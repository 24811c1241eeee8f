import { isJsonObject, isList, objectOf, parseJsonObject, textOf } from '../text/bounded-json.ts';
import type { JsonObject } from '../text/bounded-json.ts';
import { accept, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { fixedZone, readIsoTime } from '../text/timestamp.ts';

const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type KubernetesAuditStage = (typeof stages)[number];

/** One event of the API server's audit log (`audit.k8s.io`), recognised. One request has an event per stage. */
export type KubernetesAuditEvent = {
  readonly auditId: string;
  readonly stage: KubernetesAuditStage;
  readonly level: string | undefined;
  readonly verb: string | undefined;
  readonly user: string | undefined;
  readonly unixMs: number | undefined;
  readonly object: JsonObject;
};

export type KubernetesAuditRefusalCode =
  | 'kubernetes_json'
  | 'kubernetes_not_an_event'
  | 'kubernetes_stage'
  | 'kubernetes_too_many';

/** A line of the log file, or the body of a webhook: an `EventList` gives all its events. */
export function parseKubernetesAudit(
  text: string,
  limits: { readonly maxCharacters: number; readonly maxEvents: number } = {
    maxCharacters: 16 << 20,
    maxEvents: 65_536,
  },
): Parsed<readonly KubernetesAuditEvent[], KubernetesAuditRefusalCode> {
  const parsed = parseJsonObject(text, { maxCharacters: limits.maxCharacters, maxDepth: 128 });
  if (!parsed.ok) return refuse('kubernetes_json', parsed.at, parsed.message);
  const items = parsed.value['items'];
  const given = parsed.value['kind'] === 'EventList' && isList(items) ? items : [parsed.value];
  if (given.length > limits.maxEvents)
    return refuse('kubernetes_too_many', 0, `List has more than ${limits.maxEvents} events`);
  const events: KubernetesAuditEvent[] = [];
  for (const object of given) {
    const event = isJsonObject(object) ? readEvent(object, textOf(parsed.value['apiVersion'])) : undefined;
    if (event === undefined)
      return refuse('kubernetes_not_an_event', 0, 'Object is no event of audit.k8s.io with an "auditID"');
    if (event === 'stage') return refuse('kubernetes_stage', 0, 'Event has none of the four stages');
    events.push(event);
  }
  return accept(events);
}

function readEvent(object: JsonObject, version: string | undefined): KubernetesAuditEvent | 'stage' | undefined {
  const auditId = textOf(object['auditID']);
  const apiVersion = textOf(object['apiVersion']) ?? version;
  if (auditId === undefined || apiVersion?.startsWith('audit.k8s.io/') !== true) return undefined;
  const stage = stages.find((name) => name === object['stage']);
  if (stage === undefined) return 'stage';
  const written = textOf(object['stageTimestamp']) ?? textOf(object['requestReceivedTimestamp']) ?? '';
  return {
    auditId,
    stage,
    level: textOf(object['level']),
    verb: textOf(object['verb']),
    user: textOf(objectOf(object['user'])['username']),
    unixMs: readIsoTime(written, 0, fixedZone(0))?.time.unixMs,
    object,
  };
}
