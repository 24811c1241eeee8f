// A watch over a database and a ledger in memory, with cameras that send and a perception that says what it is told to.
import { createHash, randomBytes } from 'node:crypto';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createOutbox, LedgerError, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createFrameHub } from '../frames/frame-hub.ts';
import { cameraWatchMigrations } from '../migrations/migrations.ts';
import type { PerceivedObject, Tamper } from '../perception/perceived.ts';
import { createWatching } from './watching.ts';
import type { Watching } from './watching.ts';
import type { WatchedCamera, WatchedPicture, WatchingNeeds } from './watching-needs.ts';
import type { WatchPlan } from './zone.ts';

/** A Thursday, noon. */
export const startMs = Date.UTC(2026, 0, 1, 12);
export const operator = { kind: 'operator', id: 'op-1', name: 'Ada', scopes: [] } as const;

export const person: PerceivedObject = {
  label: 'person',
  group: 'person',
  confidence: 'usual',
  score: 0.8,
  box: [0.4, 0.4, 0.1, 0.3],
  track: 1,
};

/** The lower half of the picture. */
export const lowerHalf: WatchPlan['zones'][number] = {
  id: 'z1',
  name: 'Yard',
  points: [
    [0, 0.5],
    [1, 0.5],
    [1, 1],
    [0, 1],
  ],
  labels: [],
  kind: 'watch',
};

type Seen = { readonly objects?: readonly PerceivedObject[]; readonly tamper?: Tamper; readonly learnt?: boolean };

export async function setUp({ database }: { readonly database: Database }, options: Partial<WatchingNeeds> = {}) {
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  const log = createLog({ clock, write: () => undefined });
  const common = { clock, log };
  const hub = createFrameHub(common);
  /** Whether the ledger takes nothing. */
  const down = { is: false };
  const learntAnew: string[] = [];
  const tasks = new Set<() => void>();
  const listeners = new Set<(picture: WatchedPicture) => void>();
  const cameras = new Map<string, WatchedCamera>([
    ['cam-1', { id: 'cam-1', name: 'Yard', place: 'Gate', site: 'Plant' }],
    ['cam-2', { id: 'cam-2', name: 'Hall', site: 'Plant' }],
    ['cam-3', { id: 'cam-3', name: 'Attic', site: 'Home' }],
  ]);
  await migrate(database, [ledgerMigrations, cameraWatchMigrations]);
  const outbox = createOutbox({
    database,
    ledger: {
      append: (batch) =>
        down.is
          ? Promise.reject(new LedgerError('unavailable', 'Cannot append: the sealer is away'))
          : ledger.append(batch),
    },
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const needs: WatchingNeeds = {
    database,
    outbox,
    clock,
    every: (_intervalMs, task) => {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    delay: (_ms, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    random: randomBytes,
    log,
    sealingKey: new Uint8Array(32).fill(7),
    columnKeys: await openColumnKeys({
      store: { open: async () => undefined, seal: async () => undefined },
      name: 'camera-watch/columns',
      tenant: 'local',
      random: randomBytes,
    }),
    findCamera: (id) => cameras.get(id),
    subscribeFrames: (listener) => hub.subscribe(listener),
    subscribePictures(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    savePicture: async (jpeg) => createHash('sha256').update(jpeg).digest('hex'),
    learnAnew: async (cameraId) => void learntAnew.push(cameraId),
    timeZone: 'UTC',
    ...options,
  };
  const opened: Watching[] = [];

  async function start(): Promise<Watching> {
    const watching = await createWatching(needs);
    opened.push(watching);
    return watching;
  }

  /** A picture comes and perception has looked at it. */
  function shoot(cameraId: string, seen: Seen = {}): string {
    const jpeg = Buffer.from(`${cameraId} ${clock.monotonicMs()}`);
    const frame = hub.offer({ cameraId, jpeg, capturedMs: clock.nowMs() - 40, receivedMs: clock.nowMs() });
    for (const listener of listeners)
      listener({
        cameraId,
        sequence: frame.sequence,
        jpeg,
        learnt: seen.learnt ?? true,
        capturedMs: frame.capturedMs,
        objects: seen.objects ?? [],
        ...(seen.tamper === undefined ? {} : { tamper: seen.tamper }),
        model: 'test',
        looked: true,
      });
    return createHash('sha256').update(jpeg).digest('hex');
  }

  return {
    learntAnew,
    clock,
    ledger,
    down,
    hub,
    cameras,
    needs,
    start,
    shoot,
    tick() {
      for (const task of tasks) task();
    },
    /** Five pictures a second, for so long. */
    film(cameraId: string, forMs: number, seen: Seen = {}) {
      for (let at = 0; at < forMs; at += 200) {
        clock.advance(200);
        shoot(cameraId, seen);
        if (at % 1000 === 0) for (const task of tasks) task();
      }
    },
    /** Nothing comes, for so long. */
    quiet(forMs: number) {
      for (let at = 0; at < forMs; at += 1000) {
        clock.advance(1000);
        for (const task of tasks) task();
      }
    },
    /** Events of cameras in the ledger, in order. */
    async told(): Promise<readonly JsonObject[]> {
      for (const watching of opened) await watching.settled();
      return ledger.events().flatMap(({ body }) => {
        const event = body === undefined ? null : parseJson(Buffer.from(body).toString('utf8'));
        const metadata = isJsonObject(event) ? event['metadata'] : null;
        return isJsonObject(event) && isJsonObject(metadata) && metadata['log_name'] === 'camera' ? [event] : [];
      });
    },
    async codes(): Promise<readonly string[]> {
      return (await this.told()).map((event) => codeOf(event));
    },
    async close() {
      for (const watching of opened) await watching.close();
    },
  };
}

export function codeOf(event: JsonObject): string {
  const metadata = event['metadata'];
  return isJsonObject(metadata) && typeof metadata['event_code'] === 'string' ? metadata['event_code'] : '';
}

/** What an event says about its camera. */
export function cameraOf(event: JsonObject | undefined): JsonObject {
  const unmapped = event?.['unmapped'];
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : null;
  const camera = isJsonObject(own) ? own['camera'] : null;
  return isJsonObject(camera) ? camera : {};
}
