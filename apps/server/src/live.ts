import { Readable } from 'node:stream';
import { comparePositions, formatPosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { alertJson } from '@sallyport/incident-response';
import type { Alert, Alerts } from '@sallyport/incident-response';
import type { Ledger } from '@sallyport/ledger';
import { codeOf } from '@sallyport/platform/errors';
import { isAuditRecord, liveRow, siteOfEvent } from './live-row.ts';
import type { LiveRow } from './live-row.ts';
import { ServerError } from './server-errors.ts';

export type LiveKind = 'events' | 'alerts' | 'approvals';

/** Whose agent a question is about. */
type LiveOwner = {
  readonly kind: string;
  readonly id: string;
  /** Who answers for it, where it is a service account or a key. */
  readonly person?: string;
};

/** Where a reader stands: the next position of the feed, and the number the last alert was announced under. */
export type LivePlace = { readonly position: Position; readonly alert?: number };

export type LiveRequest = {
  /** Who reads: one caller cannot take all places. */
  readonly callerId: string;
  readonly kinds: ReadonlySet<LiveKind>;
  /** From now on when left out. */
  readonly from?: LivePlace;
  /** Of what stands at which sites they may hear, when not of all: what they hear is counted, and nothing else. */
  readonly mayHear?: {
    readonly events: (site: string | undefined) => boolean;
    readonly alerts: (site: string | undefined) => boolean;
  };
  /** Of questions about whose agents they may hear. */
  readonly hearsOf?: (owner: LiveOwner) => boolean;
};

/** Server-sent events (WHATWG HTML, section 9.2), one stream a reader. */
export type Live = {
  /**
   * `alert`: each alert, again when it came back, in order, without a gap. `alert-change`: an alert somebody changed or that stands for more findings, as it is
   * now; whoever comes back or catches up reads again instead. `events`: at most four a second how many events came, how many of
   * the newest were our own records, and a sample of the others; together they cover the feed without a gap. `state`: `catching up` before what was missed, `live` after it.
   * `approvals`: a question about an agent came or went; which, whoever hears it asks.
   * A reader that takes nothing is fetched nothing for; what it missed comes as one when it takes again. One that takes nothing for
   * two heartbeats is ended, and so is every stream after some minutes, so that rights are asked for again: come back with
   * the last id. Throws `ServerError` `live_exhausted`.
   */
  open(request: LiveRequest): Promise<Readable>;
  count(): number;
  close(): void;
};

export type LiveNeeds = {
  readonly ledger: Pick<Ledger, 'head' | 'read' | 'countEvents'>;
  readonly alerts: Pick<Alerts, 'after' | 'newestNumber' | 'numberBefore' | 'onAlert' | 'onChange'>;
  readonly approvals?: { onChange(listener: (owner: LiveOwner) => void): () => void };
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly limits?: {
    /** Streams open at once (64), and for one caller (8). */
    readonly streams?: number;
    readonly streamsPerCaller?: number;
    /** Characters waiting for a reader before nothing more is fetched for it (65,536). */
    readonly streamBuffer?: number;
  };
};

const tickMs = 250;
const heartbeatMs = 15_000;
/** Twenty heartbeats: five minutes. */
const lifetimeBeats = 20;
const sampleRows = 20;
/** Entries looked at for a sample: blocks' own entries are among them. */
const sampleEntries = 60;
const alertsPerPage = 50;
/** Changed alerts that wait for one reader; of more it is told that there were many. */
const maxChanges = 100;
/** Being told of an alert is quick, not certain: each reader looks again after this many ticks. */
const lookAnywayTicks = 20;
/** Ticks a reader may miss before it is told that it catches up. */
const missedTicks = 4;

type Reader = {
  tick(): void;
  changed(alert: Alert): void;
  asked(owner: LiveOwner): void;
  wake(): void;
  beat(): void;
  end(): void;
  readonly callerId: string;
};
type Sample = {
  readonly head: Position;
  readonly rows: readonly { position: Position; row: LiveRow; site: string | undefined }[];
  /** Our own audit records among the entries looked at. */
  readonly own: readonly Position[];
};

export function createLive(needs: LiveNeeds): Live {
  const { ledger, alerts } = needs;
  const limits = { streams: 64, streamsPerCaller: 8, streamBuffer: 65_536, ...needs.limits };
  const readers = new Set<Reader>();
  let sample: Promise<Sample> | undefined;
  let sampledAt: Position | undefined;

  const stopTicking = needs.every(tickMs, () => {
    for (const reader of readers) reader.tick();
  });
  const stopBeating = needs.every(heartbeatMs, () => {
    for (const reader of readers) reader.beat();
  });
  const stopListening = alerts.onAlert(() => {
    for (const reader of readers) reader.wake();
  });
  const stopListeningToChanges = alerts.onChange((alert) => {
    for (const reader of readers) reader.changed(alert);
  });
  const stopListeningToApprovals = needs.approvals?.onChange((owner) => {
    for (const reader of readers) reader.asked(owner);
  });

  /** The newest events before `head`; read once for all readers. */
  function sampleAt(head: Position): Promise<Sample> {
    if (sample === undefined || sampledAt === undefined || comparePositions(sampledAt, head) !== 0) {
      sampledAt = head;
      sample = readSample(head);
      // A failure is for who asked now: the next one reads again.
      sample.catch(() => {
        sampledAt = undefined;
      });
    }
    return sample;
  }

  async function readSample(head: Position): Promise<Sample> {
    const from = { log: head.log, index: Math.max(0, head.index - sampleEntries) };
    const { events } = await ledger.read(from, { maxEvents: sampleEntries, maxBytes: 524_288, until: head });
    // Our own audit records have a page and a permission of their own.
    const shown = events.filter((event) => !isAuditRecord(event)).slice(-sampleRows);
    const rows = shown.map((event) => ({ position: event.position, row: liveRow(event), site: siteOfEvent(event) }));
    return { head, rows, own: events.filter(isAuditRecord).map(({ position }) => position) };
  }

  async function countBetween(from: Position, to: Position): Promise<number> {
    let count = 0;
    for (let log = from.log; log <= to.log; log += 1) {
      const start = log === from.log ? from.index : 0;
      const end = log === to.log ? to.index : Number.MAX_SAFE_INTEGER;
      count += await ledger.countEvents(log, start, end);
    }
    return count;
  }

  async function placeOf(request: LiveRequest): Promise<{ position: Position; alert: number }> {
    const head = ledger.head();
    const asked = request.from;
    if (asked === undefined) return { position: head, alert: await alerts.newestNumber() };
    // A place past the head is of a ledger that was put back since.
    const position = comparePositions(asked.position, head) > 0 ? head : asked.position;
    return { position, alert: asked.alert ?? (await alerts.numberBefore(position)) };
  }

  function takePlace(callerId: string): void {
    const own = [...readers].filter((reader) => reader.callerId === callerId).length;
    if (readers.size < limits.streams && own < limits.streamsPerCaller) return;
    throw new ServerError(
      'live_exhausted',
      `Cannot open a live stream: ${readers.size} are open, ${own} by this caller, must be under ${limits.streams} and ${limits.streamsPerCaller}`,
      { details: { retryAfterSeconds: 5 } },
    );
  }

  async function open(request: LiveRequest): Promise<Readable> {
    takePlace(request.callerId);
    let place = { position: ledger.head(), alert: 0 };
    let ready = false;
    let wanted = false;
    let pumping = false;
    let again: 'none' | 'alerts' | 'all' = 'none';
    let missed = 0;
    let ticks = 0;
    let alertsDue = true;
    let approvalsDue = false;
    const changes = new Map<string, Alert>();
    let changesMissed = false;
    let beats = 0;
    let missedBeats = 0;
    let state: 'catching up' | 'live' | undefined;

    const stream = new Readable({
      highWaterMark: limits.streamBuffer,
      encoding: 'utf8',
      read() {
        wanted = true;
      },
      destroy(error, done) {
        readers.delete(reader);
        done(error);
      },
    });

    function push(event: string, data: object): void {
      if (isOver(stream)) return;
      const id = `${formatPosition(place.position)},${place.alert}`;
      wanted = stream.push(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }

    function tell(next: 'catching up' | 'live'): void {
      if (state === next) return;
      state = next;
      push('state', { state, head: formatPosition(ledger.head()) });
    }

    const isHeard = ({ entities }: Alert): boolean => request.mayHear?.alerts(entities.site) !== false;

    async function pushAlerts(): Promise<void> {
      while (alertsDue && request.kinds.has('alerts') && wanted && !isOver(stream)) {
        alertsDue = false;
        const page = await alerts.after(place.alert, alertsPerPage);
        for (const alert of page) {
          place = { position: place.position, alert: alert.announcement };
          if (isHeard(alert)) push('alert', alertJson(alert));
        }
        if (page.length === alertsPerPage) alertsDue = true;
      }
    }

    /** Each alert once, as it is now: many changes between two frames are one. */
    function pushChanges(): void {
      if (changesMissed) {
        changesMissed = false;
        push('alert-change', { alerts: 'many' });
      }
      for (const [id, alert] of changes) {
        if (!wanted || isOver(stream)) return;
        changes.delete(id);
        push('alert-change', alertJson(alert));
      }
    }

    async function pushEvents(): Promise<void> {
      const head = ledger.head();
      const from = place.position;
      if (!wanted || comparePositions(from, head) >= 0) return;
      if (!request.kinds.has('events')) {
        place = { ...place, position: head };
        return;
      }
      const [count, { rows, own }] = await Promise.all([countBetween(from, head), sampleAt(head)]);
      place = { ...place, position: head };
      if (count === 0) return;
      const { mayHear } = request;
      const seen = rows
        .filter(({ position, site }) => comparePositions(position, from) >= 0 && mayHear?.events(site) !== false)
        .map(({ row }) => row);
      if (mayHear !== undefined) {
        const counted = { count: seen.length, own: 0, from: formatPosition(from), to: formatPosition(head) };
        if (seen.length > 0) push('events', { ...counted, sample: seen });
        return;
      }
      const ownCount = own.filter((position) => comparePositions(position, from) >= 0).length;
      push('events', { count, own: ownCount, from: formatPosition(from), to: formatPosition(head), sample: seen });
    }

    async function pump(what: 'alerts' | 'all'): Promise<void> {
      if (!ready || isOver(stream)) return;
      if (!wanted) {
        if (what === 'all') missed += 1;
        return;
      }
      if (pumping) {
        again = what === 'all' || again === 'all' ? 'all' : 'alerts';
        return;
      }
      pumping = true;
      try {
        if (missed >= missedTicks) tell('catching up');
        missed = 0;
        await pushAlerts();
        pushChanges();
        if (approvalsDue && wanted) {
          approvalsDue = false;
          push('approvals', {});
        }
        if (what === 'all') {
          await pushEvents();
          if (wanted) tell('live');
        }
      } catch (error) {
        alertsDue = true;
        // With a code: the ledger or the database is away for a moment, and the next tick tries again from the same place.
        if (codeOf(error) !== undefined) tell('catching up');
        else stream.destroy(error instanceof Error ? error : new TypeError('the feed could not be read'));
      } finally {
        pumping = false;
      }
      if (again === 'none') return;
      const next = again;
      again = 'none';
      // What came meanwhile: alerts at once, events with the next tick.
      if (next === 'alerts') await pump('alerts');
    }

    const reader: Reader = {
      callerId: request.callerId,
      tick() {
        ticks += 1;
        if (ticks % lookAnywayTicks === 0) alertsDue = true;
        void pump('all');
      },
      changed(alert) {
        if (!request.kinds.has('alerts') || !isHeard(alert)) return;
        if (changes.size < maxChanges || changes.has(alert.id)) changes.set(alert.id, alert);
        else changesMissed = true;
        void pump('alerts');
      },
      asked(owner) {
        if (!request.kinds.has('approvals') || request.hearsOf?.(owner) !== true) return;
        approvalsDue = true;
        void pump('alerts');
      },
      wake() {
        alertsDue = true;
        void pump('alerts');
      },
      beat() {
        beats += 1;
        missedBeats = stream.readableLength > 0 ? missedBeats + 1 : 0;
        if (missedBeats > 2) stream.destroy();
        if (isOver(stream)) return;
        if (missedBeats === 2 || beats >= lifetimeBeats) {
          stream.push(': come back with Last-Event-ID\n\n');
          stream.push(null);
        } else if (missedBeats === 0) stream.push(': heartbeat\n\n');
      },
      end: () => stream.destroy(),
    };
    // The place is taken before anything is awaited: opening at once cannot pass the limits.
    readers.add(reader);
    stream.push('retry: 1000\n\n');
    try {
      place = await placeOf(request);
    } catch (error) {
      stream.destroy();
      throw error;
    }
    ready = true;
    if (request.from !== undefined) tell('catching up');
    wanted = true;
    void pump('all');
    return stream;
  }

  return {
    open,
    count: () => readers.size,
    close() {
      stopTicking();
      stopBeating();
      stopListening();
      stopListeningToChanges();
      stopListeningToApprovals?.();
      for (const reader of readers) reader.end();
    },
  };
}

function isOver(stream: Readable): boolean {
  return stream.destroyed || stream.readableEnded || stream.readableAborted;
}
