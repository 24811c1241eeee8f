import type { Readable } from 'node:stream';
import type { Actor } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { readBody, windowBytes } from './body-reader.ts';
import type { ContentEncoding } from './body-reader.ts';
import { createByteBudget } from './byte-budget.ts';
import type { Reservation } from './byte-budget.ts';
import { createDelivery, withNextSequence } from './delivery.ts';
import type { Delivered, Delivery } from './delivery.ts';
import { EventIntakeError } from './errors.ts';
import type { EventBytes } from './event-bytes.ts';
import { createInTurn } from './in-turn.ts';
import { defaultLimits } from './limits.ts';
import type { EventIntakeNeeds } from './needs.ts';
import { createNormalisePool, startNormaliseWorker } from './normalise-pool.ts';
import { createBatchBuilder } from './normalise-protocol.ts';
import type { BatchBuilder, Reading } from './normalise-protocol.ts';
import { createSources } from './sources.ts';
import type { SourceCounts, SourcePage, SourceStatus } from './sources.ts';
import { wireFormatOf } from './wire-format.ts';
import type { DeclaredFormat, WireFormat } from './wire-format.ts';

export type IntakeRequest = {
  readonly principal: Principal;
  /** The key's own source, or `default`, unless given. */
  readonly source?: string | undefined;
  /** Number of the body's first event in its stream; without it a resend records everything again. */
  readonly sequence?: number | undefined;
  readonly contentType: string | undefined;
  /** What the events are, where the content type does not say. */
  readonly format?: DeclaredFormat | undefined;
  /** Minutes east of UTC of times that name no zone. */
  readonly zoneMinutes?: number | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLength: number | undefined;
  readonly body: Readable;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
};

/** Events that somebody else has cut. */
export type IntakeMessages = {
  readonly principal: Pick<Principal, 'id' | 'name' | 'source'> & { readonly kind: Actor['kind'] };
  readonly source?: string | undefined;
  readonly reading: Reading;
  readonly events: readonly EventBytes[];
};

export type IntakeReply = Pick<Delivered, 'accepted' | 'alreadyKnown' | 'keptRaw' | 'runs' | 'reasons'> & {
  readonly isIdempotent: boolean;
};

/**
 * Turns request bodies into ledger entries.
 * - `accept` resolves only when every event of the body is durable; when it rejects, everything before
 *   `details.next_sequence` is durable and the rest has to be sent again, which never doubles an event.
 * - Memory is bounded for one request and for all together, whatever the body does.
 */
export type EventIntake = {
  accept(request: IntakeRequest): Promise<IntakeReply>;
  /** The same for events that are in memory already; a resend records them again. */
  acceptEvents(messages: IntakeMessages): Promise<IntakeReply>;
  /** The same for a body that has to be seen whole before it can be cut, at most `maxWholeBodyBytes`. What `cut` throws is thrown. */
  acceptBody(
    request: Omit<IntakeRequest, 'contentType' | 'contentLength' | 'sequence' | 'format' | 'zoneMinutes'>,
    cut: (body: Uint8Array) => Pick<IntakeMessages, 'reading' | 'events'>,
  ): Promise<IntakeReply>;
  /** Ordered by key and name, from after the given one on. */
  sources(page: SourcePage): Promise<readonly SourceStatus[]>;
  close(): Promise<void>;
};

/** Memory a request holds in any case: chunks, the beginning of an event, a small batch. */
const baseBytes = 256 * 1024;
/** A batch is held as bytes, as a copy, as text and as bodies, for two batches at a time. */
const bytesPerBatchByte = 7;
/** A body that is seen whole is held as bytes, as text, and as what was read out of it. */
const bytesPerWholeByte = 6;

export function createEventIntake(needs: EventIntakeNeeds): EventIntake {
  const limits = { ...defaultLimits, ...needs.limits };
  const budget = createByteBudget({
    maxBytes: limits.maxBytesInFlight,
    maxBytesPerHolder: limits.maxBytesInFlightPerKey,
  });
  const inTurn = createInTurn();
  const pool = createNormalisePool({
    threads: limits.normaliseThreads,
    timeLimitMs: limits.normaliseTimeLimitMs,
    createWorker: needs.createWorker ?? (() => startNormaliseWorker(needs.mappings ?? [])),
  });
  const sources = createSources({ ...needs, maxSourcesPerKey: limits.maxSourcesPerKey });

  async function readInto(
    request: IntakeRequest,
    wire: WireFormat,
    { delivery, reservation }: { delivery: Delivery; reservation: Reservation },
  ): Promise<number> {
    const splitter = wire.createSplitter(limits);
    const encoding = encodingOf(request.contentEncoding);
    const batch = createBatchBuilder(limits, { ...wire.reading, zoneMinutes: request.zoneMinutes ?? 0 });
    let events = 0;
    let bytes = 0;

    const take = async (event: EventBytes): Promise<void> => {
      events += 1;
      if (events > limits.maxEvents) {
        throw new EventIntakeError(
          'too_many_events',
          `Cannot take in more events from one body: it must hold at most ${limits.maxEvents}`,
        );
      }
      if (!batch.hasRoomFor(event)) await flush(batch);
      batch.add(event);
      reserve();
    };
    const reserve = (): void => {
      const held = batch.bytes * bytesPerBatchByte + splitter.heldBytes + Math.min(bytes, windowBytes[encoding]);
      if (held > baseBytes) reservation.extendTo(baseBytes + held);
    };
    const flush = (full: BatchBuilder): Promise<void> => delivery.deliver(full.take(needs.clock.nowMs()));

    try {
      for await (const chunk of readBody(request.body, encoding, {
        clock: needs.clock,
        limits,
        signal: request.signal,
      })) {
        bytes += chunk.byteLength;
        for (const event of splitter.push(chunk)) await take(event);
        reserve();
      }
      for (const event of splitter.end()) await take(event);
    } catch (error) {
      // What was begun is finished first, so that the reply can say exactly what is durable.
      if (batch.events > 0 && !request.signal.aborted) await flush(batch);
      await delivery.finish();
      throw error;
    }
    if (batch.events > 0) await flush(batch);
    await delivery.finish();
    return bytes;
  }

  /** Delivers events that are in memory. */
  async function take(
    { principal, source: wanted, reading, events }: IntakeMessages,
    reservation: Reservation,
  ): Promise<IntakeReply> {
    const source = sourceOf({ principal, source: wanted });
    const bytes = events.reduce((sum, event) => sum + event.bytes.byteLength, 0);
    reservation.extendTo(baseBytes + bytes + Math.min(bytes, limits.maxBatchBytes) * bytesPerBatchByte);
    const counts = await sources.open(principal, source);
    const delivery = createDelivery(
      { ledger: needs.ledger, pool, limits, inTurn },
      {
        collector: `intake/${source}`,
        stream: `${principal.id}/${source}/${Buffer.from(needs.random(16)).toString('hex')}`,
        firstSequence: 0,
      },
    );
    const batch = createBatchBuilder(limits, reading);
    try {
      for (const event of events) {
        if (!batch.hasRoomFor(event)) await delivery.deliver(batch.take(needs.clock.nowMs()));
        batch.add(event);
      }
      if (batch.events > 0) await delivery.deliver(batch.take(needs.clock.nowMs()));
      await delivery.finish();
      count(counts, delivery.delivered, bytes);
    } catch (error) {
      // What was begun comes to its end, so that what is counted is what is durable.
      await delivery.finish().catch(() => undefined);
      count(counts, delivery.delivered, 0);
      throw withNextSequence(error, delivery);
    }
    const { accepted, alreadyKnown, keptRaw, runs, reasons } = delivery.delivered;
    await sources.heard(principal.id, source, needs.clock.nowMs()).catch(() => undefined);
    return { accepted, alreadyKnown, keptRaw, runs, reasons, isIdempotent: false };
  }

  function count(counts: SourceCounts, delivered: Delivered, bytes: number): void {
    counts.accepted += delivered.accepted;
    counts.bytes += bytes;
    counts.lastSeenMs = needs.clock.nowMs();
    for (const [code, times] of delivered.reasonCounts)
      counts.keptRaw.set(code, (counts.keptRaw.get(code) ?? 0) + times);
  }

  return {
    async accept(request) {
      const source = sourceOf(request);
      const wire = wireFormatOf(request.contentType, request.format);
      encodingOf(request.contentEncoding);
      const firstSequence = request.sequence ?? 0;
      if (firstSequence > Number.MAX_SAFE_INTEGER - limits.maxEvents) {
        throw new EventIntakeError(
          'sequence_exhausted',
          `Cannot start at sequence ${firstSequence}: must leave room for ${limits.maxEvents} events`,
        );
      }
      if ((request.contentLength ?? 0) > limits.maxCompressedBytes) {
        throw new EventIntakeError(
          'events_too_large',
          `Cannot read the body: it must be at most ${limits.maxCompressedBytes} bytes`,
        );
      }
      const reservation = budget.reserve(request.principal.id, baseBytes);
      try {
        const counts = await sources.open(request.principal, source);
        const stream = `${request.principal.id}/${source}`;
        const isIdempotent = request.sequence !== undefined;
        const delivery = createDelivery(
          { ledger: needs.ledger, pool, limits, inTurn },
          {
            collector: `intake/${source}`,
            // A stream of its own: these sequences must never meet those of a numbered request.
            stream: isIdempotent ? stream : `${stream}/${Buffer.from(needs.random(16)).toString('hex')}`,
            firstSequence,
          },
        );
        try {
          const bytes = await readInto(request, wire, { delivery, reservation });
          count(counts, delivery.delivered, bytes);
        } catch (error) {
          count(counts, delivery.delivered, 0);
          throw withNextSequence(error, delivery);
        }
        const { accepted, alreadyKnown, keptRaw, runs, reasons } = delivery.delivered;
        // What is in the ledger is acknowledged, whether or not this can be kept: the next delivery keeps it again.
        await sources.heard(request.principal.id, source, needs.clock.nowMs()).catch(() => undefined);
        return { accepted, alreadyKnown, keptRaw, runs, reasons, isIdempotent };
      } finally {
        reservation.release();
      }
    },
    async acceptEvents(messages) {
      const reservation = budget.reserve(messages.principal.id, baseBytes);
      try {
        return await take(messages, reservation);
      } finally {
        reservation.release();
      }
    },
    async acceptBody(request, cut) {
      const { principal, source } = request;
      sourceOf(request);
      const encoding = encodingOf(request.contentEncoding);
      const reservation = budget.reserve(principal.id, baseBytes);
      try {
        const chunks: Uint8Array[] = [];
        let bytes = 0;
        const wire = { clock: needs.clock, limits, signal: request.signal };
        for await (const chunk of readBody(request.body, encoding, wire)) {
          bytes += chunk.byteLength;
          if (bytes > limits.maxWholeBodyBytes) {
            throw new EventIntakeError(
              'events_too_large',
              `Cannot read the body: it must be at most ${limits.maxWholeBodyBytes} bytes when decompressed`,
            );
          }
          reservation.extendTo(baseBytes + bytes * bytesPerWholeByte);
          chunks.push(chunk);
        }
        return await take({ principal, source, ...cut(Buffer.concat(chunks)) }, reservation);
      } finally {
        reservation.release();
      }
    },
    sources: (page) => sources.list(page),
    close: () => pool.close(),
  };
}

function sourceOf({ principal, source }: Pick<IntakeMessages, 'principal' | 'source'>): string {
  const name = source ?? principal.source ?? 'default';
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) {
    throw new EventIntakeError(
      'source_invalid',
      `Cannot send as "${name}": a source must be 1 to 64 letters, digits, ".", "_" or "-"`,
    );
  }
  if (principal.source !== undefined && principal.source !== name) {
    throw new EventIntakeError(
      'source_not_allowed',
      `Cannot send as "${name}": the key must send as "${principal.source}"`,
    );
  }
  return name;
}

function encodingOf(contentEncoding: string | undefined): ContentEncoding {
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'gzip' || encoding === 'zstd' || encoding === 'identity') return encoding;
  throw new EventIntakeError(
    'content_encoding_unsupported',
    `Cannot read the content encoding "${encoding}": must be gzip, zstd or identity`,
  );
}
