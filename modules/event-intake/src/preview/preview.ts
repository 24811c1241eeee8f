import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { EventIntakeError } from '../errors.ts';
import type { EventBytes } from '../event-bytes.ts';
import type { IntakeLimits } from '../limits.ts';
import { keptRawReasons } from '../kept-raw-reasons.ts';
import type { NormalisePool } from '../normalise-pool.ts';
import { createBatchBuilder } from '../normalise-protocol.ts';
import { normaliseSurely } from '../normalise-surely.ts';
import { wireFormatOf } from '../wire-format.ts';
import type { DeclaredFormat } from '../declared-format.ts';

export type PreviewRequest = {
  readonly contentType: string | undefined;
  readonly format?: DeclaredFormat | undefined;
  readonly zoneMinutes?: number | undefined;
  readonly body: Uint8Array;
};

export type PreviewedEvent = {
  readonly ocsf: JsonObject | null;
  readonly classUid: number;
  readonly mapping?: { readonly id: string; readonly version: number };
  /** Fields of the record that no mapping looked at. */
  readonly unmapped: readonly string[];
  /** Why it would be kept raw. */
  readonly reason?: string;
};

/** What would become of events, by the very same code that takes them in; nothing is recorded. */
export type Preview = {
  /** `total` counts events of the body; the first twenty are shown. Throws `content_type_unsupported`, `events_too_large`, `overloaded`. */
  show(request: PreviewRequest): Promise<{ readonly events: readonly PreviewedEvent[]; readonly total: number }>;
  close(): Promise<void>;
};

export const maxPreviewBytes = 65_536;
const maxPreviewEvents = 20;
const maxWaiting = 4;
const idleMs = 60_000;

/**
 * A thread of its own, so that whoever may only read cannot hold up what comes in; it ends when nobody asked for a minute.
 * `createPool` gives a pool of one thread.
 */
export function createPreview(needs: {
  readonly limits: IntakeLimits;
  readonly nowMs: () => number;
  readonly createPool: () => NormalisePool;
}): Preview {
  const { limits } = needs;
  let pool: NormalisePool | undefined;
  let idle: NodeJS.Timeout | undefined;
  let busy = 0;
  let isClosed = false;

  async function endThread(): Promise<void> {
    clearTimeout(idle);
    const ended = pool;
    pool = undefined;
    await ended?.close();
  }

  function cut({ contentType, format, body }: PreviewRequest): {
    readonly events: readonly EventBytes[];
    readonly total: number;
    readonly reading: ReturnType<typeof wireFormatOf>['reading'];
  } {
    if (body.byteLength > maxPreviewBytes) {
      throw new EventIntakeError(
        'events_too_large',
        `Cannot preview ${body.byteLength} bytes: must be at most ${maxPreviewBytes}`,
      );
    }
    const { createSplitter, reading } = wireFormatOf(contentType, format);
    const splitter = createSplitter(limits);
    const events: EventBytes[] = [];
    let total = 0;
    const take = (found: Iterable<EventBytes>): void => {
      for (const event of found) {
        total += 1;
        if (events.length < maxPreviewEvents) events.push({ ...event, bytes: Uint8Array.from(event.bytes) });
      }
    };
    take(splitter.push(body));
    take(splitter.end());
    return { events, total, reading };
  }

  return {
    async show(request) {
      if (isClosed) throw new EventIntakeError('intake_closed', 'Cannot preview events: the server is stopping');
      if (busy >= maxWaiting) {
        throw new EventIntakeError('preview_busy', 'Cannot preview events now: too many others do', {
          details: { retryAfterSeconds: 2 },
        });
      }
      const { events, total, reading } = cut(request);
      if (events.length === 0) return { events: [], total };
      const batch = createBatchBuilder(limits, { ...reading, zoneMinutes: request.zoneMinutes ?? 0 });
      for (const event of events) batch.add(event);
      busy += 1;
      clearTimeout(idle);
      pool ??= needs.createPool();
      try {
        const reply = await normaliseSurely(pool, { ...batch.take(needs.nowMs()), isTraced: true }, 1);
        const shown = reply.ends.map((end, order) => {
          const start = reply.ends[order - 1] ?? 0;
          return describe({
            body: new Uint8Array(reply.bodies, start, end - start),
            reason: keptRawReasons[reply.reasons[order] ?? 0],
            unmapped: reply.unread?.[order] ?? [],
          });
        });
        return { events: shown, total };
      } finally {
        busy -= 1;
        if (busy === 0) idle = setTimeout(() => void endThread(), idleMs).unref();
      }
    },
    async close() {
      isClosed = true;
      await endThread();
    },
  };
}

function describe(given: {
  readonly body: Uint8Array;
  readonly reason: string | undefined;
  readonly unmapped: readonly string[];
}): PreviewedEvent {
  const event = parseJson(Buffer.from(given.body).toString('utf8'));
  const ocsf = isJsonObject(event) ? event : null;
  const classUid = ocsf?.['class_uid'];
  const unmapped = ocsf?.['unmapped'];
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  const [id, version] = isJsonObject(own) ? textOf(own['mapping']).split('@') : [];
  return {
    ocsf,
    classUid: typeof classUid === 'number' ? classUid : 0,
    ...(id !== undefined && version !== undefined && { mapping: { id, version: Number(version) } }),
    unmapped: given.unmapped,
    ...(given.reason !== undefined && given.reason !== 'none' && { reason: given.reason }),
  };
}
