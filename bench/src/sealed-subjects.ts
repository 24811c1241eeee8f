import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Position } from '@sallyport/contracts';
import { createSealedFileProvider, createSubjectFrames, openKeyVault, systemVaultFiles } from '@sallyport/key-vault';
import { createSubjectKeys } from '@sallyport/key-vault/server';
import type { SubjectKeys } from '@sallyport/key-vault/server';
import type { AppendBatch, AuditEvent, Ledger, LedgerEvent } from '@sallyport/ledger';
import { createPersonalData, personalDataMigrations, presets } from '@sallyport/personal-data';
import { systemClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import type { Bench } from './bench.ts';
import { withDirectory } from './repository.ts';
import { rounded, summarise } from './statistics.ts';

const batchSize = 500;
const people = 200;

/** Sign-ins appended and read through the ledger's decorator, with nothing declared and with user names declared. */
export const personalData: Bench = {
  name: 'personal-data',
  target:
    'nothing declared costs less than 1 µs an event; declared user names less than 50 µs a sealed text appended, 30 µs read',
  run: async ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const count = options.tiny ? 1000 : 20_000;
      const rounds = options.tiny ? 1 : 3;
      const bodies = Array.from({ length: count }, (_, at) => signIn(at));
      const plainBytes = bodies.reduce((sum, body) => sum + body.length, 0);
      const kept: { position: Position; receivedAtMs: number; classUid: number; body: Uint8Array }[] = [];
      const ledger = {
        head: (): Position => ({ log: 1, index: kept.length }),
        async append({ entries }: AppendBatch) {
          return entries.map(({ body, classUid }) => {
            const position = { log: 1, index: kept.length };
            kept.push({ position, receivedAtMs: 0, classUid, body });
            return position;
          });
        },
        async read(from: Position, { maxEvents }: { maxEvents: number }) {
          const events: LedgerEvent[] = kept.slice(from.index, from.index + maxEvents);
          return { from, to: { log: 1, index: from.index + events.length }, events };
        },
      };
      const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
      await migrate(database, [personalDataMigrations]);
      const log = createLog({ clock: systemClock, write: () => undefined });
      const keys = await subjectKeys(directory);
      const common = {
        ledger,
        keys,
        database,
        indexKey: randomBytes(32),
        clock: systemClock,
        random: randomBytes,
        log,
      };
      const personal = await createPersonalData(common);
      const service = personal.serve({
        outbox: {
          record: async (_transaction: unknown, _event: AuditEvent) => undefined,
          flushed: async () => undefined,
        },
        destructions: undefined,
        dayKeys: async () => [],
        keepers: () => [],
        caughtUp: async () => undefined,
        deadline: (ms) => AbortSignal.timeout(ms),
        every: () => () => undefined,
      });
      const costs: Record<'bare' | 'undeclared' | 'declared' | 'read_bare' | 'read_declared', number[]> = {
        bare: [],
        undeclared: [],
        declared: [],
        read_bare: [],
        read_declared: [],
      };
      let storedBytes = 0;
      const append = async (through: Pick<Ledger, 'append'>): Promise<number> =>
        perEvent(count, async () => {
          kept.length = 0;
          for (let at = 0; at < count; at += batchSize) await through.append(batchOf(bodies, at));
        });
      const read = async (through: Pick<Ledger, 'read'>): Promise<number> =>
        perEvent(count, async () => {
          for (let index = 0; index < count; index += batchSize)
            await through.read({ log: 1, index }, { maxEvents: batchSize, maxBytes: 1e9 });
        });
      const preset = presets['user-names'];
      if (preset === undefined) throw new TypeError('There is no preset of user names');
      const actor = { kind: 'user', id: 'bench', name: 'bench' };
      for (let round = 0; round <= rounds; round += 1) {
        await service.declarations.remove('user-names', actor);
        const measured = {
          bare: await append(ledger),
          undeclared: await append(personal.ledger),
          declared: 0,
          read_bare: 0,
          read_declared: 0,
        };
        await service.declarations.put('user-names', { ...preset, sources: undefined }, actor);
        measured.declared = await append(personal.ledger);
        storedBytes = kept.reduce((sum, { body }) => sum + body.length, 0);
        measured.read_bare = await read(ledger);
        measured.read_declared = await read(personal.ledger);
        progress(`round ${round}: ${JSON.stringify(measured)}`);
        // The first round makes the keys and warms up.
        if (round === 0 && rounds > 1) continue;
        for (const what of ['bare', 'undeclared', 'declared', 'read_bare', 'read_declared'] as const)
          costs[what].push(measured[what]);
      }
      await service.requests.close();
      await close();
      const median = (what: keyof typeof costs): number => summarise(costs[what]).median;
      return {
        processed: count * costs.declared.length,
        inputs: { events: count, subjects: people, event_bytes: Math.round(plainBytes / count), batch: batchSize },
        figures: {
          append_bare_us: summarise(costs.bare),
          append_undeclared_us: summarise(costs.undeclared),
          append_declared_us: summarise(costs.declared),
          read_bare_us: summarise(costs.read_bare),
          read_declared_us: summarise(costs.read_declared),
          stored_bytes_more: Math.round((storedBytes - plainBytes) / count),
        },
        ratios: {
          undeclared_more_us: rounded(median('undeclared') - median('bare')),
          declared_more_us: rounded(median('declared') - median('bare')),
          stored_to_plain: rounded(storedBytes / plainBytes),
        },
        notes: [
          'Microseconds of processor time an event, over a ledger that keeps bodies in memory and does nothing else; keys of subjects from a vault on the disk',
          'A sign-in as intake hands it over: of its strings five hold the name, raw_data among them',
        ],
      };
    }),
};

async function perEvent(count: number, task: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return rounded((user + system) / count);
}

function batchOf(bodies: readonly Buffer[], from: number): AppendBatch {
  const entries = bodies
    .slice(from, from + batchSize)
    .map((body, order) => ({ classUid: 3002, sequence: from + order, body }));
  return { collector: 'intake/bench', priority: 'intake', entries };
}

function signIn(at: number): Buffer {
  const name = `person${String(at % people).padStart(4, '0')}`;
  const text = `Failed password for ${name} from 192.0.2.7 port ${20_000 + (at % 40_000)} ssh2`;
  return Buffer.from(
    JSON.stringify({
      class_uid: 3002,
      category_uid: 3,
      activity_id: 1,
      type_uid: 300_201,
      severity_id: 2,
      time: 1_795_338_001_000 + at,
      message: text,
      user: { name },
      src_endpoint: { ip: '192.0.2.7', port: 20_000 + (at % 40_000) },
      dst_endpoint: { hostname: 'gate' },
      service: { name: 'sshd' },
      metadata: { version: '1.8.0', log_name: 'auth', product: { name: 'OpenSSH', vendor_name: 'OpenBSD' } },
      observables: [{ name: 'user.name', type_id: 4, value: name }],
      raw_data: `Nov 22 09:00:01 gate sshd[${at}]: ${text}`,
      unmapped: { record: { host: 'gate', program: 'sshd', message: text } },
    }),
  );
}

async function subjectKeys(directory: string): Promise<SubjectKeys> {
  const directories: [string, string] = [join(directory, 'vault'), join(directory, 'vault-copy')];
  const files = systemVaultFiles;
  const unsealing = { kind: 'file', path: join(directory, 'unseal.key') } as const;
  const provider = createSealedFileProvider({ directories, unsealing, random: randomBytes, files });
  const vault = await openKeyVault({
    directories,
    files,
    providers: new Map([['sealed-file', provider]]),
    firstProviders: ['sealed-file'],
    machine: undefined,
    clock: systemClock,
    random: randomBytes,
    pause: async () => undefined,
    broken: () => undefined,
    signal: new AbortController().signal,
  });
  const handlers = createSubjectFrames({
    directories,
    files,
    random: randomBytes,
    broken: () => undefined,
    opened: async () => vault,
  });
  return createSubjectKeys(async (method, request) => {
    const handle = handlers[method];
    if (handle === undefined) throw new TypeError(`There is no frame "${method}"`);
    return handle(request);
  });
}
