import type { AuditRecord } from './audit-record.ts';

/** What tells which event a record belongs to. */
export type AuditHead = Pick<AuditRecord, 'type' | 'node' | 'unixMs' | 'serial'>;

/** All records of one serial. */
export type AuditEvent<Record extends AuditHead = AuditRecord> = {
  readonly node: string | undefined;
  readonly unixMs: number;
  readonly serial: number;
  readonly records: readonly Record[];
  /** The end was seen. False: given up waiting, so records may follow as an event of their own. */
  readonly complete: boolean;
  /** Records over the limit that are gone. */
  readonly droppedRecords: number;
};

export type AuditAssembler<Record extends AuditHead = AuditRecord> = {
  /** The events that this record completes or pushes out, in order of their first record. */
  add(record: Record): AuditEvent<Record>[];
  /** Gives up waiting for the oldest event: it, and the whole ones behind it. */
  giveUpOldest(): AuditEvent<Record>[];
  /** Gives all that is waiting; for when nothing more is coming soon. */
  flush(): AuditEvent<Record>[];
  waiting(): number;
};

export type AuditAssemblerLimits = { readonly maxWaitingEvents: number; readonly maxRecordsPerEvent: number };

/** Records of user space stand alone: `USER_LOGIN`, `CRED_ACQ`, `SERVICE_START` … */
const aloneStarts = [
  'USER_',
  'CRED_',
  'SERVICE_',
  'DAEMON_',
  'SYSTEM_',
  'GRP_',
  'ADD_',
  'DEL_',
  'ACCT_',
  'ROLE_',
  'CRYPTO_',
  'VIRT_',
  'ANOM_LOGIN',
  'ANOM_MOD',
];
const alone = new Set([
  'USER',
  'LABEL_OVERRIDE',
  'CHGRP_ID',
  'CHUSER_ID',
  'TEST',
  'TRUSTED_APP',
  'SOFTWARE_UPDATE',
  'KERNEL',
]);

/**
 * Puts the records of one event together, whatever stands between them. An event is complete with EOE or PROCTITLE, or when
 * it is a record of user space; it still waits for those that began before it, and behind PROCTITLE for one record more, as
 * EOE may follow. The wait is counted in events, not time: past `maxWaitingEvents` the oldest is given as it is.
 */
export function createAuditAssembler<Record extends AuditHead = AuditRecord>(
  limits: AuditAssemblerLimits = { maxWaitingEvents: 64, maxRecordsPerEvent: 512 },
): AuditAssembler<Record> {
  type Waiting = { readonly first: Record; readonly records: Record[]; droppedRecords: number; isComplete: boolean };
  /** In order of arrival, as Map keeps it. */
  const open = new Map<string, Waiting>();

  /** From the front: the whole ones, and as many others as there are too many. */
  function takeReady(mostWaiting: number, awaited?: Waiting): AuditEvent<Record>[] {
    const events: AuditEvent<Record>[] = [];
    for (const [key, event] of open) {
      const { records, droppedRecords, isComplete } = event;
      if ((!isComplete || event === awaited) && open.size <= mostWaiting) break;
      open.delete(key);
      const { node, unixMs, serial } = event.first;
      events.push({ node, unixMs, serial, records, complete: isComplete, droppedRecords });
    }
    return events;
  }

  function add(record: Record): AuditEvent<Record>[] {
    const key = `${record.serial}:${record.unixMs}:${record.node ?? ''}`;
    const known = open.get(key);
    const event = known ?? { first: record, records: [], droppedRecords: 0, isComplete: standsAlone(record.type) };
    if (known === undefined) open.set(key, event);
    if (event.records.length < limits.maxRecordsPerEvent) event.records.push(record);
    else event.droppedRecords += 1;
    if (record.type === 'PROCTITLE' || record.type === 'EOE') event.isComplete = true;
    return takeReady(limits.maxWaitingEvents, record.type === 'PROCTITLE' ? event : undefined);
  }

  return {
    add,
    giveUpOldest: () => takeReady(open.size - 1),
    flush: () => takeReady(-1),
    waiting: () => open.size,
  };
}

function standsAlone(type: string): boolean {
  return alone.has(type) || aloneStarts.some((start) => type.startsWith(start));
}
