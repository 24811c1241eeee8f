import type { Readable } from 'node:stream';
import type { Actor } from '@sallyport/ledger';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { createBacklog } from './backlog.ts';
import { readBody, windowBytes } from './body-reader.ts';
import type { ContentEncoding } from './body-reader.ts';
import { createByteBudget } from './byte-budget.ts';
import type { Reservation } from './byte-budget.ts';
import { createBodyCutter } from './cut/body-cutter.ts';
import type { CutEvents } from './cut/body-cutter.ts';
import type { WholeBody } from './cut/cut-body.ts';
import { createSourceDelivery } from './source-delivery.ts';
import type { Delivery } from './delivery.ts';

import { EventIntakeError } from './errors.ts';
import type { EventBytes } from './event-bytes.ts';
import { createInTurn } from './in-turn.ts';
import { defaultLimits, longBodyBytes, longBodyEvents } from './limits.ts';
import type { IntakeLimits } from './limits.ts';
import type { EventIntakeNeeds } from './needs.ts';
import { createNormalisePool, startNormaliseWorker } from './normalise-pool.ts';
import type { NormalisePool } from './normalise-pool.ts';
import { createBatchBuilder } from './normalise-protocol.ts';
import type { BatchBuilder, Reading } from './normalise-protocol.ts';
import { createPreview } from './preview/preview.ts';
import type { Preview } from './preview/preview.ts';
import { createSourceFigures } from './sources/source-figures.ts';
import type { Refusal, SourceFigures } from './sources/source-figures.ts';
import { createSources } from './sources/sources.ts';
import type { Sources } from './sources/sources.ts';
import type { SourceStatus } from './sources/source-status.ts';
import { createWatchTime } from './sources/watch-time.ts';
import { reporterOf, sourceOf } from './who-sends.ts';
import { wireFormatOf } from './wire-format.ts';
import type { DeclaredFormat, WireFormat } from './declared-format.ts';

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
  /** It goes on for as long as its sender has entries. */
  readonly isLong?: true;
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

export type IntakeReply = Pick<Delivery['delivered'], 'accepted' | 'alreadyKnown' | 'keptRaw' | 'runs' | 'reasons'> & {
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
  /** The same for a body that has to be seen whole before it can be cut, at most `maxWholeBodyBytes`. What of it could not be taken is told. */
  acceptBody(
    request: Omit<IntakeRequest, 'contentType' | 'contentLength' | 'sequence' | 'format' | 'zoneMinutes'>,
    as: WholeBody,
    reading: Reading,
  ): Promise<IntakeReply & Pick<CutEvents, 'fault' | 'rejected'>>;
  /** Counts a refusal of somebody who may send. Never rejects: a refusal stands whether or not it can be counted. */
  refused(from: Pick<IntakeMessages, 'principal' | 'source'>, refusal: Refusal): Promise<void>;
  readonly preview: Pick<Preview, 'show'>;
  readonly sources: Pick<Sources, 'list' | 'read' | 'change'>;
  /** Of all sources together, since the server started. */
  readonly totals: Omit<SourceFigures, 'receive' | 'refuse' | 'keep'>;
  /** How many sources were in which state when they were last looked after. */
  states(): ReadonlyMap<string, number>;
  /** Those that sent last, the last first. */
  lately(limit: number): readonly Pick<SourceStatus, 'keyId' | 'name' | 'figures'>[];
  /** Looks after all sources, their silence above all: to be called every `watchEveryMs`. */
  watch(): Promise<void>;
  /** Keeps what was counted; nothing is taken in any more. */
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
  const backlog = createBacklog({ clock: needs.clock, behind: needs.behind ?? (() => undefined), limits });
  const inTurn = createInTurn();
  const createPool = (options: { threads: number; timeLimitMs: number }): NormalisePool =>
    createNormalisePool({
      ...options,
      createWorker: needs.createWorker ?? (() => startNormaliseWorker(needs.mappings ?? [])),
    });
  const pool = createPool({ threads: limits.normaliseThreads, timeLimitMs: limits.normaliseTimeLimitMs });
  const cutter = createBodyCutter({
    timeLimitMs: limits.normaliseTimeLimitMs,
    createWorker: needs.createCutWorker,
  });
  const preview = createPreview({
    limits,
    nowMs: () => needs.clock.nowMs(),
    createPool: () => createPool({ threads: 1, timeLimitMs: limits.previewTimeLimitMs }),
  });
  const watch = createWatchTime(needs);
  const sources = createSources({ ...needs, ...limits, watch });
  const totals = createSourceFigures(needs.clock, null);

  const deliverAs = createSourceDelivery({ ...needs, pool, limits, inTurn, sources, totals });

  async function refused(from: Pick<IntakeMessages, 'principal' | 'source'>, refusal: Refusal): Promise<void> {
    totals.refuse(refusal);
    const { principal } = from;
    // What it may not be is counted as what it is.
    const name = refusal.code === 'source_not_allowed' ? principal.source : from.source;
    try {
      await sources.refused(principal, sourceOf({ principal, source: name }), refusal);
    } catch {
      // Whatever it is, as of a database that is gone: the refusal says from where to send again, and must get through.
    }
  }

  const longLimits = {
    ...limits,
    maxCompressedBytes: longBodyBytes,
    maxDecompressedBytes: longBodyBytes,
    maxEvents: longBodyEvents,
  };

  async function readInto(
    request: IntakeRequest,
    wire: WireFormat,
    { delivery, reservation }: { delivery: Pick<Delivery, 'deliver' | 'finish'>; reservation: Reservation },
  ): Promise<number> {
    const bounds = request.isLong === true ? longLimits : limits;
    const splitter = wire.createSplitter(limits);
    const encoding = encodingOf(request.contentEncoding);
    const batch = createBatchBuilder(limits, {
      ...wire.reading,
      zoneMinutes: request.zoneMinutes ?? 0,
      reporter: reporterOf(request),
    });
    let events = 0;
    let bytes = 0;

    const take = async (event: EventBytes): Promise<void> => {
      events += 1;
      if (events > bounds.maxEvents) {
        throw new EventIntakeError(
          'too_many_events',
          `Cannot take in more events from one body: it must hold at most ${bounds.maxEvents}`,
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
        limits: bounds,
        signal: request.signal,
      })) {
        bytes += chunk.byteLength;
        backlog.took(request.principal.id, chunk.byteLength);
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
  async function take(messages: IntakeMessages, reservation: Reservation): Promise<IntakeReply> {
    const { reading, events } = messages;
    const bytes = events.reduce((sum, event) => sum + event.bytes.byteLength, 0);
    reservation.extendTo(baseBytes + bytes + Math.min(bytes, limits.maxBatchBytes) * bytesPerBatchByte);
    return deliverAs(messages, undefined, async ({ deliver, finish }) => {
      const batch = createBatchBuilder(limits, { ...reading, reporter: reporterOf(messages) });
      try {
        for (const event of events) {
          if (!batch.hasRoomFor(event)) await deliver(batch.take(needs.clock.nowMs()));
          batch.add(event);
        }
        if (batch.events > 0) await deliver(batch.take(needs.clock.nowMs()));
        await finish();
      } catch (error) {
        // What was begun comes to its end, so that what is counted is what is durable.
        await finish().catch(() => undefined);
        throw error;
      }
      return bytes;
    });
  }

  return {
    async accept(request) {
      sourceOf(request);
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
      backlog.admit(request.principal.id);
      const reservation = budget.reserve(request.principal.id, baseBytes + leastHeld(request, limits));
      try {
        return await deliverAs(request, request.sequence, (delivery) =>
          readInto(request, wire, { delivery, reservation }),
        );
      } finally {
        reservation.release();
      }
    },
    async acceptEvents(messages) {
      const reservation = budget.reserve(messages.principal.id, baseBytes);
      try {
        return await take(messages, reservation);
      } catch (error) {
        // Who comes over HTTP is counted there, where every refusal passes.
        await refused(messages, { code: codeOf(error) ?? 'internal', message: messageOf(error) });
        throw error;
      } finally {
        reservation.release();
      }
    },
    async acceptBody(request, as, reading) {
      const { principal, source } = request;
      sourceOf(request);
      const encoding = encodingOf(request.contentEncoding);
      backlog.admit(principal.id);
      const reservation = budget.reserve(principal.id, baseBytes);
      try {
        const chunks: Uint8Array[] = [];
        let bytes = 0;
        const wire = { clock: needs.clock, limits, signal: request.signal };
        for await (const chunk of readBody(request.body, encoding, wire)) {
          bytes += chunk.byteLength;
          backlog.took(principal.id, chunk.byteLength);
          if (bytes > limits.maxWholeBodyBytes) {
            throw new EventIntakeError(
              'events_too_large',
              `Cannot read the body: it must be at most ${limits.maxWholeBodyBytes} bytes when decompressed`,
            );
          }
          reservation.extendTo(baseBytes + bytes * bytesPerWholeByte);
          chunks.push(chunk);
        }
        const { events, ...told } = await cutter.cut(Buffer.concat(chunks), as);
        return { ...(await take({ principal, source, reading, events }, reservation)), ...told };
      } finally {
        reservation.release();
      }
    },
    preview,
    sources,
    states: () => sources.states(),
    lately: (limit) => sources.lately(limit),
    watch: () => sources.look(),
    refused,
    totals,
    async close() {
      await Promise.all([pool.close(), cutter.close(), preview.close()]);
      await sources.close();
    },
  };
}

function encodingOf(contentEncoding: string | undefined): ContentEncoding {
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'gzip' || encoding === 'zstd' || encoding === 'identity') return encoding;
  throw new EventIntakeError(
    'content_encoding_unsupported',
    `Cannot read the content encoding "${encoding}": must be gzip, zstd or identity`,
  );
}

/** What a body of this length will hold at least: better refused before its first byte than in its middle. */
function leastHeld({ contentLength }: IntakeRequest, { maxBatchBytes }: Pick<IntakeLimits, 'maxBatchBytes'>): number {
  return Math.min(contentLength ?? 0, maxBatchBytes) * bytesPerBatchByte;
}
