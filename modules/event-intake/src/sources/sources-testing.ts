import type { JsonObject } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { eventIntakeMigrations } from '../index.ts';
import { collectorKey } from '../intake-testing.ts';
import { emptySummary } from './batch-summary.ts';
import { createSources } from './sources.ts';
import type { Sources } from './sources.ts';
import { createWatchTime, tickMs } from './watch-time.ts';

/** Sources over a real database, with a clock that moves when told and a ledger in memory. */
export type SourcesHouse = {
  readonly clock: ReturnType<typeof createManualClock>;
  readonly ledger: MemoryLedger;
  sources: Sources;
  /** As after a kill, unless it was closed before: memory is gone. */
  restart(): void;
  send(name: string, events?: number, key?: string): Promise<void>;
  /** Time goes by, in which the server looks after its sources as it does. */
  pass(ms: number): Promise<void>;
  /** The events told about sources, but for their creation. */
  told(): { action: string; device: string; message: string; details: JsonObject }[];
};

export async function startSources(
  database: Database,
  limits: { maxSourcesPerKey?: number; maxSourcesHeld?: number } = {},
): Promise<SourcesHouse> {
  await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
  const clock = createManualClock(1_760_000_000_000);
  const ledger = createMemoryLedger({ clock });
  let drawn = 0;
  const random = (length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    bytes.writeUInt32BE((drawn += 1));
    return bytes;
  };
  const outbox = createOutbox({ database, ledger, key: Buffer.alloc(32, 7), random, nowMs: () => clock.nowMs() });
  const start = (): Sources =>
    createSources({
      database,
      outbox,
      clock,
      watch: createWatchTime({ clock, database }),
      maxSourcesPerKey: 10_000,
      maxSourcesHeld: 1000,
      ...limits,
    });
  const house: SourcesHouse = {
    clock,
    ledger,
    sources: start(),
    restart() {
      house.sources = start();
    },
    async send(name, events = 1, key = 'k1') {
      const source = await house.sources.open({ ...collectorKey, id: key }, name);
      source.admit();
      source.spend(events);
      await source.received({ accepted: events, bytes: events * 100, keptRaw: new Map(), summary: emptySummary });
    },
    async pass(ms) {
      for (let left = ms; left > 0; left -= tickMs) {
        clock.advance(Math.min(left, tickMs));
        await house.sources.look();
      }
    },
    told: () =>
      ledger.events().flatMap(({ body }) => {
        const event: {
          message: string;
          device?: { name: string };
          metadata: { event_code: string };
          unmapped: { sallyport: { details?: JsonObject } };
        } = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
        if (event.metadata.event_code === 'source.create') return [];
        return [
          {
            action: event.metadata.event_code,
            device: event.device?.name ?? '',
            message: event.message,
            details: event.unmapped.sallyport.details ?? {},
          },
        ];
      }),
  };
  return house;
}
