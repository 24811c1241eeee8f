import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { isCount } from './frame-content.ts';
import type { SpoolEntry } from './frame-content.ts';

/** Why records never reached the server. */
export type LossReason = 'spool_full' | 'spool_damaged' | 'disk_unwritable' | 'refused_by_server';

/** How many of what are gone. `unknown` counts records whose kind nobody can tell any more. */
export type LostReport = {
  readonly reason: LossReason;
  readonly lost: Readonly<Record<string, number>>;
  /** Times of the first and the last of them, where known. */
  readonly from: string | undefined;
  readonly to: string | undefined;
};

/** The kind of the records that tell of others. They are put together, never dropped. */
export const lostKind = 'lost';

/** One report of these records; reports among them are added up, so nothing is counted twice or forgotten. */
export function reportOf(reason: LossReason, dropped: readonly SpoolEntry[]): LostReport {
  const lost = new Map<string, number>();
  let from: string | undefined;
  let to: string | undefined;
  const extend = (start: string, end: string): void => {
    if (start !== '' && (from === undefined || start < from)) from = start;
    if (end !== '' && (to === undefined || end > to)) to = end;
  };
  for (const { kind, line } of dropped) {
    const value = parsed(line);
    const record = isJsonObject(value) ? value : {};
    if (kind !== lostKind) {
      lost.set(kind, (lost.get(kind) ?? 0) + 1);
      extend(textOf(record['time']), textOf(record['time']));
      continue;
    }
    for (const [name, count] of Object.entries(isJsonObject(record['lost']) ? record['lost'] : {}))
      if (isCount(count)) lost.set(name, (lost.get(name) ?? 0) + count);
    extend(textOf(record['lost_from']), textOf(record['lost_to']));
  }
  return { reason, lost: Object.fromEntries(lost), from, to };
}

export function totalOf(report: Pick<LostReport, 'lost'>): number {
  return Object.values(report.lost).reduce((total, count) => total + count, 0);
}

/** Whether a record tells of losses for this reason, so that another of the kind may be added to it. */
export function isReportOf(entry: SpoolEntry, reason: LossReason): boolean {
  const value = entry.kind === lostKind ? parsed(entry.line) : null;
  return isJsonObject(value) && value['reason'] === reason;
}

function parsed(line: string): JsonValue {
  try {
    return parseJson(line);
  } catch {
    return null;
  }
}
