import { textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { decodeAppend } from './append-format.ts';
import type { LogEntry } from './log-entry.ts';
import type { NameIds } from './name-ids.ts';
import { refuseReserved } from './own-records.ts';
import { retentionOf } from './retention-class.ts';

/** What a client asks to append, its names replaced by their ids. Throws `entry_invalid`. */
export function readAppend(
  request: JsonObject,
  payload: Uint8Array,
  nameId: (...named: Parameters<NameIds>) => Buffer,
): { readonly entries: LogEntry[]; readonly priority: 'intake' | 'control' } {
  const streams = textsOf(request['streams']);
  refuseReserved([textOf(request['collector']), ...streams]);
  const collectorId = nameId('collector', textOf(request['collector']));
  const priority = request['priority'] === 'control' ? 'control' : 'intake';
  const { retention: asked } = request;
  const retention = retentionOf(typeof asked === 'string' ? asked : undefined, priority);
  const streamIds = new Map<string, Buffer>();
  const entries = decodeAppend(streams, payload).map(({ stream, sequence, classUid, body }): LogEntry => {
    let streamId = streamIds.get(stream);
    if (streamId === undefined) streamIds.set(stream, (streamId = nameId('stream', stream)));
    return { stream, streamId, collectorId, retention, sequence, classUid, body };
  });
  return { entries, priority };
}
