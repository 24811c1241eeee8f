import type { JsonObject, OcsfEvent } from '@sallyport/contracts';
import { ocsfClass } from '@sallyport/contracts';
import type { Log } from './log.ts';

export type Gap = { readonly anchorLog: number; readonly reason: 'behind' | 'forked' | 'operator' };

/** What is known of a restore: the checkpoint that survives, the newest one seen outside, and the entries between. */
export function describeRestore(last: Log, gap: Gap, anchor: string | undefined): JsonObject {
  const behind = gap.reason === 'behind' && anchor !== undefined;
  return {
    reason: gap.reason,
    previous_log: last.number,
    previous_size: last.size(),
    previous_checkpoint: last.publish(),
    ...(anchor === undefined ? {} : { newest_checkpoint_seen: anchor }),
    explanation: behind
      ? 'Entries that a newer checkpoint covers are missing from this directory'
      : gap.reason === 'forked'
        ? 'This directory holds other entries than a checkpoint seen before'
        : 'The operator declared a restore; entries after the previous checkpoint may be missing',
  };
}

/** The first entry of a log opened after a restore. */
export function restoredEvent(restored: JsonObject, nowMs: number): OcsfEvent {
  return {
    class_uid: ocsfClass.baseEvent,
    category_uid: 0,
    type_uid: 0,
    activity_id: 0,
    severity_id: 4,
    time: nowMs,
    message: 'The ledger was restored and goes on in a new log',
    metadata: {
      version: '1.8.0',
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      log_name: 'ledger',
      event_code: 'ledger.restored',
    },
    unmapped: { sallyport: { generation: 0, restored } },
  };
}
