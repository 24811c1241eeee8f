// A ledger in this process for the tests beside it: the real sealer and client over an in-memory pipe.
import { hash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FramePeer } from '@sallyport/platform/frames';
import { createLog } from '@sallyport/platform/log';
import { createLedgerClient } from './ledger-client.ts';
import type { LedgerClient, LedgerClientNeeds } from './ledger-client.ts';
import type { LogNeeds } from './log.ts';
import type { LogEntry } from './log-entry.ts';
import type { KeptSecrets, LedgerKeys } from './needs.ts';
import { createSealer } from './sealer.ts';
import type { Sealer } from './sealer.ts';

export type ManualClock = ReturnType<typeof createManualClock>;
export const testStartMs = Date.UTC(2026, 10, 21, 12);

export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Keys in a file in clear, standing in for the vault, which this module may not know. */
function openKeysIn(directory: string): LedgerKeys & KeptSecrets {
  const file = join(directory, 'test-keys.json');
  const read = (): Map<string, string> =>
    new Map(existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, 'utf8'))) : []);
  const put = (name: string, bytes: Uint8Array): void => {
    const keys = read().set(name, Buffer.from(bytes).toString('base64'));
    writeFileSync(file, JSON.stringify(Object.fromEntries(keys)));
  };
  const get = (name: string): Buffer | undefined => {
    const value = read().get(name);
    return value === undefined ? undefined : Buffer.from(value, 'base64');
  };
  const idOf = (name: string): string => hash('sha256', name).slice(0, 32);
  return {
    ensureKey(purpose, label, bytes) {
      const id = idOf(`${purpose} ${label}`);
      if (get(id) === undefined) put(id, bytes?.() ?? randomBytes(32));
      return { id, bytes: get(id) ?? Buffer.alloc(0) };
    },
    findKey(id) {
      const bytes = get(id);
      return bytes === undefined ? undefined : { id, bytes };
    },
    isDestroyed: (id) => get(`destroyed ${id}`) !== undefined,
    openSecret: (name) => get(`secret ${name}`),
    sealSecret: (name, bytes) => put(`secret ${name}`, bytes),
  };
}

export function logNeeds(directory: string): LogNeeds {
  return {
    directory: join(directory, 'log'),
    number: 1,
    signing: 'open',
    origin: 'sallyport/test/1',
    keyLabel: 'log/1',
    vault: openKeysIn(directory),
    random: randomBytes,
    fatal: (error) => {
      throw error instanceof Error ? error : new Error(String(error));
    },
  };
}

export function entry(stream: string, sequence: number, body = `{"n":${sequence}}`, retention = 'events'): LogEntry {
  const id = Buffer.alloc(16);
  id.write(stream);
  return { stream, streamId: id, collectorId: id, retention, sequence, classUid: 1007, body: Buffer.from(body) };
}

export const quietLog = createLog({ clock: createManualClock(0), write: () => undefined });

export type SealerUnderTest = {
  client: LedgerClient;
  kill(): void;
  sealers: Sealer[];
  anchor: { text: string | undefined };
};

/** A client whose sealer can be killed at will; the next call finds a new one over the same directory. */
export function startLedger(
  context: TestContext,
  directory: string,
  clock: ManualClock,
  options: {
    afterRestore?: boolean;
    anchor?: string;
    watermarkBytes?: number;
    onClockJump?: () => void;
  } & Pick<LedgerClientNeeds, 'askOutside' | 'cosigned'> = {},
): SealerUnderTest {
  const sealers: Sealer[] = [];
  const peers: FramePeer[] = [];
  const anchor = { text: options.anchor };
  const client = createLedgerClient({
    connect: async () => {
      const [left, right] = duplexPair();
      const sealer = createSealer({
        directory: join(directory, 'ledger'),
        vault: openKeysIn(directory),
        clock,
        random: randomBytes,
        disk: { watermarkBytes: options.watermarkBytes ?? 0, reserveBytes: 1024 * 1024 },
        checkpointEveryMs: 60_000,
        lockWaitMs: 0,
        offeredSecrets: ['tls'],
        notify: (method, head) => server.notify(method, { head }),
        fatal: (error) => {
          throw error instanceof Error ? error : new Error(String(error));
        },
      });
      const server = createFramePeer(right, sealer.handlers);
      const ended = server.closed.then(() => sealer.close());
      sealers.push(sealer);
      peers.push(server);
      // As with a real process: the connection counts as ended once the sealer has let go of its directory.
      return { ...createFramePeer(left, {}), closed: ended };
    },
    anchor: async () => anchor.text,
    afterRestore: options.afterRestore ?? false,
    log: quietLog,
    delay: async () => new Promise((resolve) => void setImmediate(resolve)),
    ...(options.onClockJump === undefined ? {} : { onClockJump: options.onClockJump }),
    ...(options.askOutside === undefined ? {} : { askOutside: options.askOutside }),
    ...(options.cosigned === undefined ? {} : { cosigned: options.cosigned }),
  });
  context.after(() => client.close());
  return { client, sealers, anchor, kill: () => peers.at(-1)?.close() };
}
