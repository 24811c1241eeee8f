import { createHash } from 'node:crypto';
import { findingBody, formatPosition } from '@sallyport/contracts';
import type { Finding, FindingLevel, MatchedField } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import type { EntityKind, Topic } from './signals.ts';

export type Oddity = {
  readonly kind: EntityKind;
  readonly name: string;
  readonly topic: Topic;
  /** 0 to 1. */
  readonly score: number;
  readonly reasons: readonly string[];
};

/** Below this nothing is told. */
export const tellingScore = 0.5;

const findingVersion = 1;

const titles: Readonly<Record<Topic, string>> = {
  'sign-in': 'Unusual sign-in',
  process: 'Unusual program',
  rate: 'Unusual amount of activity',
  steps: 'Unusual order of steps',
  motion: 'Unusual time for motion',
  network: 'Unusual network',
};

/** Depends on its arguments alone: made again after a crash, it is the same, and the ledger holds it once. */
export function oddityEntry(event: LedgerEvent, oddity: Oddity): AppendEntry {
  const { kind, name, topic, score, reasons } = oddity;
  const rule = ruleOf(kind, topic);
  const uid = createHash('sha256')
    .update(`${rule}/${findingVersion}/${formatPosition(event.position)}`)
    .digest('hex');
  const matched: MatchedField[] = [
    { field: 'behaviour.kind', value: kind },
    { field: 'behaviour.entity', value: name },
    { field: 'behaviour.score', value: score.toFixed(2) },
    ...reasons.map((reason) => ({ field: 'behaviour.reason', value: reason })),
  ];
  const finding: Finding = {
    uid: uid.slice(0, 32),
    title: `${titles[topic]} (${kind})`,
    description:
      'It is unlike what was learnt of this entity; the matched fields say in what, and how seldom that comes.',
    createdAtMs: event.receivedAtMs,
    level: levelOf(score),
    rule: { id: rule },
    attacks: [],
    input: event.position,
    generation: 1,
    matched,
    ...(kind === 'user' ? { user: name } : {}),
    ...(kind === 'host' || kind === 'device' ? { host: name } : {}),
    ...(kind === 'camera' ? { entities: { camera: name } } : {}),
    ...(kind === 'agent' ? { entities: { agent: name } } : {}),
    ...(kind === 'key' ? { entities: { identity: name } } : {}),
  };
  const body = findingBody(finding);
  return {
    classUid: body.class_uid,
    body: new TextEncoder().encode(JSON.stringify(body)),
    stream: `behaviour/${kind}-${topic}/${event.position.log}`,
    sequence: event.position.index,
  };
}

export function ruleOf(kind: EntityKind, topic: Topic): string {
  return `sallyport-behaviour-${kind}-${topic}`;
}

/** Of what is told, the least first: low, medium, high. */
export function levelOf(score: number): FindingLevel {
  if (score >= 0.85) return 'high';
  return score >= 0.7 ? 'medium' : 'low';
}
