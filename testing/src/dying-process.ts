import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { AppendBatch } from '@sallyport/ledger';
import type { createManualClock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { createMemoryLedger } from './memory-ledger.ts';
import type { MemoryLedger } from './memory-ledger.ts';

/** Called wherever a process may die, with a name of the place. */
export type Pass = (place: string) => void;

/** Ends this process by kill -9 at the place with this number (from 1) or name; `places` are those it came by so far. */
export function createPass(dieAt: number | string | undefined): { readonly pass: Pass; readonly places: string[] } {
  const places: string[] = [];
  return {
    places,
    pass(place) {
      places.push(place);
      if (place !== dieAt && places.length !== dieAt) return;
      process.kill(process.pid, 'SIGKILL');
      // The signal is on its way, and nothing below may run.
      for (;;);
    },
  };
}

/** The same database, with a place before every statement: inside a transaction what stood before it is lost with it. */
export function passingDatabase(database: Database, pass: Pass): Database {
  return database.withPlugin({
    transformQuery({ node }) {
      const [, table = ''] = /"IdentifierNode","name":"([^"]+)"/.exec(JSON.stringify(node)) ?? [];
      pass(`${node.kind} ${table}`);
      return node;
    },
    transformResult: async ({ result }) => result,
  });
}

/**
 * The ledger in memory, kept in a file: what a process that was killed had appended is there, at its time. Places before an append is recorded
 * and behind it, when nobody has heard of it yet. Advances the clock to where it stood.
 */
export async function createKeptLedger(
  file: string,
  clock: ReturnType<typeof createManualClock>,
  pass: Pass,
): Promise<MemoryLedger> {
  const ledger = createMemoryLedger({ clock });
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  for (const line of kept) {
    const { nowMs, bodies, batch }: KeptBatch = JSON.parse(line);
    clock.advance(Math.max(0, nowMs - clock.nowMs()));
    const entries = batch.entries.map((entry, at) => ({ ...entry, body: Buffer.from(bodies[at] ?? '', 'base64') }));
    await ledger.append({ ...batch, entries });
  }
  return {
    ...ledger,
    async append(batch) {
      pass('append');
      const bodies = batch.entries.map(({ body }) => Buffer.from(body).toString('base64'));
      const entries = batch.entries.map((entry) => ({ ...entry, body: undefined }));
      appendFileSync(file, `${JSON.stringify({ nowMs: clock.nowMs(), bodies, batch: { ...batch, entries } })}\n`);
      const positions = await ledger.append(batch);
      pass('appended');
      return positions;
    },
  };
}

type KeptBatch = { readonly nowMs: number; readonly bodies: readonly string[]; readonly batch: AppendBatch };
