import { createHash } from 'node:crypto';
import { findingBody, formatPosition } from '@sallyport/contracts';
import type { Finding, FindingLevel } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import { riskOf } from './risk.ts';
import { ownSignals, strangerSignals } from './signals.ts';
import type { OwnSignal, StrangerSignal } from './signals.ts';
import type { Reason, State } from './state.ts';

const findingVersion = 1;
function levelOf(risk: number): FindingLevel {
  if (risk >= 70) return 'high';
  return risk >= 45 ? 'medium' : 'low';
}

/** Of somebody themselves: one finding for all that is odd about one event, under the strongest. */
export function ownEntry(
  event: LedgerEvent,
  about: { state: State; reasons: readonly Reason[]; address: string },
): AppendEntry {
  const { state, reasons, address } = about;
  const risk = riskOf(reasons, event.receivedAtMs).value;
  const strongest = reasons.toSorted((a, b) => b.points - a.points)[0]?.signal;
  const signal = isOwnSignal(strongest) ? strongest : 'new-network';
  const { title, attack, response } = ownSignals[signal];
  return entryOf(event, signal, {
    title,
    description: `${reasons.map(({ words }) => words).join('. ')}.`,
    response,
    level: signal === 'not-me' ? 'critical' : levelOf(risk),
    attacks: [attack],
    matched: [
      { field: 'access-risk.kind', value: state.kind },
      { field: 'access-risk.id', value: state.id },
      { field: 'access-risk.risk', value: String(risk) },
      ...reasons.map(({ words }) => ({ field: 'access-risk.reason', value: words })),
    ],
    ...(state.kind === 'user' ? { user: state.name } : {}),
    entities: {
      ...(address === '' ? {} : { source: address }),
      ...(state.kind === 'user' ? {} : { identity: state.id }),
    },
  });
}

/** Of strangers: names where it comes from, and nobody as the one who did it. */
export function strangerEntry(
  event: LedgerEvent,
  about: { signal: StrangerSignal; words: string; source?: string; target?: string },
): AppendEntry {
  const { signal, words, source, target } = about;
  const { title, attack, level, response } = strangerSignals[signal];
  return entryOf(event, signal, {
    title,
    description: `${words}.`,
    response,
    level,
    attacks: [attack],
    matched: [
      { field: 'access-risk.reason', value: words },
      ...(target === undefined ? [] : [{ field: 'access-risk.target', value: target }]),
    ],
    ...(source === undefined ? {} : { entities: { source } }),
  });
}

/** Depends on its arguments alone: made again after a crash, the ledger holds it once. */
function entryOf(
  event: LedgerEvent,
  signal: OwnSignal | StrangerSignal,
  finding: Omit<Finding, 'uid' | 'createdAtMs' | 'rule' | 'input' | 'generation'>,
): AppendEntry {
  const rule = `sallyport-access-risk-${signal}`;
  const uid = createHash('sha256')
    .update(`${rule}/${findingVersion}/${formatPosition(event.position)}`)
    .digest('hex')
    .slice(0, 32);
  const body = findingBody({
    ...finding,
    uid,
    createdAtMs: event.receivedAtMs,
    rule: { id: rule },
    input: event.position,
    generation: 1,
  });
  return {
    classUid: body.class_uid,
    body: new TextEncoder().encode(JSON.stringify(body)),
    stream: `access-risk/${signal}/${event.position.log}`,
    sequence: event.position.index,
  };
}

function isOwnSignal(signal: string | undefined): signal is OwnSignal {
  return signal !== undefined && Object.hasOwn(ownSignals, signal);
}
