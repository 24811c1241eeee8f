import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Thinned } from './volume-floor.ts';

/** A source as events name it. */
export type NamedSource = { readonly keyId: string; readonly name: string; readonly label?: string | undefined };

export type SilentSource = NamedSource & { readonly sinceMs: number };

const actor = { kind: 'system', id: 'sources', name: 'Source health' } as const;
const otherActivity = 99;
/** Names in one event; the rest is a number. */
const mostNames = 100;

/** Alerts group by the device: the source, which no other key's source can be taken for. */
function sourceEvent(
  nowMs: number,
  { keyId, name, label }: NamedSource,
  said: { readonly action: string; readonly isBad: boolean; readonly message: string; readonly details: JsonObject },
): AuditEvent {
  const target = { type: 'source', id: `${keyId}/${name}`, name };
  const details = { ...said.details, ...(label !== undefined && { label }) };
  return ownEvent(nowMs, { ...said, target, details, device: `${keyId}/${name}` });
}

function ownEvent(
  nowMs: number,
  said: {
    readonly action: string;
    readonly isBad: boolean;
    readonly message: string;
    readonly target: { readonly type: string; readonly id: string; readonly name?: string };
    readonly details: JsonObject;
    readonly device: string;
  },
): AuditEvent {
  const { classUid, event } = auditEvent({
    nowMs,
    actor,
    action: said.action,
    classUid: ocsfClass.entityManagement,
    activityId: otherActivity,
    outcome: said.isBad ? 'failure' : 'success',
    target: said.target,
    details: said.details,
  });
  return { classUid, event: { ...event, message: said.message, device: { type_id: 0, name: said.device } } };
}

const countOf = (sources: readonly unknown[]): string =>
  sources.length === 1 ? '1 source' : `${sources.length} sources`;
const isoOf = (ms: number): string => new Date(ms).toISOString();
const calledAs = ({ keyId, name, label }: NamedSource): string =>
  label === undefined ? `"${name}" of ${keyId}` : `"${label}" ("${name}" of ${keyId})`;

export function silentEvent(nowMs: number, source: SilentSource): AuditEvent {
  return sourceEvent(nowMs, source, {
    action: 'source.silent',
    isBad: true,
    message: `Source ${calledAs(source)} is silent since ${isoOf(source.sinceMs)}`,
    details: { since: isoOf(source.sinceMs) },
  });
}

export function heardAgainEvent(nowMs: number, source: SilentSource): AuditEvent {
  return sourceEvent(nowMs, source, {
    action: 'source.heard-again',
    isBad: false,
    message: `Source ${calledAs(source)} is heard again; it was silent since ${isoOf(source.sinceMs)}`,
    details: { since: isoOf(source.sinceMs) },
  });
}

export function thinnedEvent(nowMs: number, source: NamedSource, { perHour, floorPerHour }: Thinned): AuditEvent {
  return sourceEvent(nowMs, source, {
    action: 'source.thinned',
    isBad: true,
    message: `Source ${calledAs(source)} sent ${perHour} events in an hour; its slowest hour of a week had ${floorPerHour}`,
    details: { per_hour: perHour, slowest_hour: floorPerHour },
  });
}

export function recoveredEvent(nowMs: number, source: NamedSource): AuditEvent {
  return sourceEvent(nowMs, source, {
    action: 'source.recovered',
    isBad: false,
    message: `Source ${calledAs(source)} sends as much as before again`,
    details: {},
  });
}

export function limitedEvent(
  nowMs: number,
  source: NamedSource,
  refused: { readonly requests: number; readonly sinceMs: number; readonly codes: readonly string[] },
): AuditEvent {
  return sourceEvent(nowMs, source, {
    action: 'source.limited',
    isBad: true,
    message: `Source ${calledAs(source)} sent more than it may: ${refused.requests} requests were refused since ${isoOf(refused.sinceMs)}`,
    details: { requests: refused.requests, since: isoOf(refused.sinceMs), codes: [...refused.codes] },
  });
}

/** Many sources in one event. */
export function manyEvent(
  nowMs: number,
  action: 'sources.silent' | 'sources.heard-again',
  sources: readonly SilentSource[],
): AuditEvent {
  const since = sources.reduce((least, { sinceMs }) => Math.min(least, sinceMs), nowMs);
  const isBad = action === 'sources.silent';
  return crowdEvent(nowMs, sources, {
    action,
    isBad,
    message: isBad
      ? `${countOf(sources)} fell silent, together or soon after others; the first of them is silent since ${isoOf(since)}`
      : `${countOf(sources)} are heard again`,
    details: { since: isoOf(since) },
  });
}

/** Many sources that send hardly anything, or as much as before again, in one event. */
export function manyThinnedEvent(
  nowMs: number,
  action: 'sources.thinned' | 'sources.recovered',
  sources: readonly NamedSource[],
): AuditEvent {
  const isBad = action === 'sources.thinned';
  return crowdEvent(nowMs, sources, {
    action,
    isBad,
    message: isBad
      ? `${countOf(sources)} sent less than a tenth of their slowest hour of a week`
      : `${countOf(sources)} send as much as before again`,
    details: {},
  });
}

function crowdEvent(
  nowMs: number,
  sources: readonly NamedSource[],
  said: { readonly action: string; readonly isBad: boolean; readonly message: string; readonly details: JsonObject },
): AuditEvent {
  return ownEvent(nowMs, {
    ...said,
    target: { type: 'sources', id: 'many' },
    details: {
      ...said.details,
      count: sources.length,
      sources: someOfEachKey(sources).map(({ keyId, name }) => `${keyId}/${name}`),
    },
    device: 'many sources',
  });
}

/** Of each key in turn, so that whoever has thousands of sources does not keep those of others from being named. */
function someOfEachKey(sources: readonly NamedSource[]): readonly NamedSource[] {
  const keys = [...Map.groupBy(sources, ({ keyId }) => keyId).values()];
  const most = Math.min(mostNames, sources.length);
  const named: NamedSource[] = [];
  for (let turn = 0; named.length < most; turn += 1) named.push(...keys.flatMap((own) => own[turn] ?? []));
  return named.slice(0, most);
}
