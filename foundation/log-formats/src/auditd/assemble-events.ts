import type { AuditRecord } from './audit-record.ts';

/** All records of one serial. */
export type AuditEvent = {
  readonly node: string | undefined;
  readonly unixMs: number;
  readonly serial: number;
  readonly records: readonly AuditRecord[];
  /** The end was seen. False: given up waiting, so records may follow as an event of their own. */
  readonly complete: boolean;
  /** Records over the limit that are gone. */
  readonly droppedRecords: number;
};

export type AuditAssembler = {
  /** The events that this record completes or pushes out, in order of their first record. */
  add(record: AuditRecord): AuditEvent[];
  /** Gives all that is waiting; for when nothing more is coming soon. */
  flush(): AuditEvent[];
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
 * Puts the records of one event together. An event is complete with EOE or PROCTITLE, or when it is a record of user
 * space. The wait is counted in events, not time: past `maxWaitingEvents` the oldest is given as it is.
 */
export function createAuditAssembler(
  limits: AuditAssemblerLimits = { maxWaitingEvents: 64, maxRecordsPerEvent: 512 },
): AuditAssembler {
  /** In order of arrival, as Map keeps it. */
  const open = new Map<string, { readonly records: AuditRecord[]; droppedRecords: number }>();

  function close(key: string, complete: boolean): AuditEvent[] {
    const waiting = open.get(key);
    const first = waiting?.records[0];
    if (waiting === undefined || first === undefined) return [];
    open.delete(key);
    const { node, unixMs, serial } = first;
    return [{ node, unixMs, serial, records: waiting.records, complete, droppedRecords: waiting.droppedRecords }];
  }

  function add(record: AuditRecord): AuditEvent[] {
    const key = `${record.serial}:${record.unixMs}:${record.node ?? ''}`;
    // The end of an event that PROCTITLE has already closed says nothing new.
    if (record.type === 'EOE') return close(key, true);
    const waiting = open.get(key);
    if (waiting === undefined) open.set(key, { records: [record], droppedRecords: 0 });
    else if (waiting.records.length < limits.maxRecordsPerEvent) waiting.records.push(record);
    else waiting.droppedRecords += 1;
    if (record.type === 'PROCTITLE' || (waiting === undefined && standsAlone(record.type))) return close(key, true);
    const oldest = open.size > limits.maxWaitingEvents ? open.keys().next().value : undefined;
    return oldest === undefined ? [] : close(oldest, false);
  }

  function flush(): AuditEvent[] {
    return [...open.keys()].flatMap((key) => close(key, false));
  }

  return { add, flush, waiting: () => open.size };
}

function standsAlone(type: string): boolean {
  return alone.has(type) || aloneStarts.some((start) => type.startsWith(start));
}
