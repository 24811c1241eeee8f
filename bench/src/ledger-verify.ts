import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { runHere, runInWorkers, verifyLog } from '@sallyport/ledger/verify-log';
import type { RunJobs } from '@sallyport/ledger/verify-log';
import { parseVerifierKey } from '@sallyport/merkle-log';
import type { Bench } from './bench.ts';
import { fillLedger } from './fill-ledger.ts';
import { withDirectory } from './repository.ts';
import { rounded, summarise } from './statistics.ts';

const worker = (kind: 'verify' | 'hash'): Worker =>
  new Worker(new URL('verify-log-worker.ts', import.meta.url), { workerData: kind });

export const ledgerVerify: Bench = {
  name: 'ledger-verify',
  target: 'A whole log verified from its files on all cores: half of the speed of plain SHA-256 over the same bytes',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const entries = options.rows ?? (options.tiny ? 2000 : 300_000);
      const rounds = options.rounds ?? (options.tiny ? 1 : 3);
      const cores = availableParallelism();
      const { verifierKey } = await fillLedger(directory, { entries, seed: options.seed }, async (client) => ({
        verifierKey: await client.verifierKey(1),
      }));
      const log = join(directory, 'ledger', 'logs', '1');
      const files = filesOf(log);
      const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
      const times: Record<'all' | 'one' | 'hash', number[]> = { all: [], one: [], hash: [] };
      let verified = 0;
      for (let round = 0; round < rounds; round += 1) {
        const signal = new AbortController().signal;
        const all = runInWorkers({ count: cores, start: () => worker('verify'), signal });
        times.hash.push(await seconds(() => hashFiles(files, cores)));
        for (const [name, run] of [
          ['all', all],
          ['one', runHere],
        ] as const) {
          times[name].push(
            await seconds(async () => {
              verified += await verifyOnce(log, verifierKey, run);
            }),
          );
        }
        progress(
          `round ${round + 1}/${rounds}: verify ${shown(times.all, entries)} entries/s on ${cores} cores, ${shown(times.one, entries)} on one; sha256 ${shown(times.hash, bytes / 1e6)} MB/s`,
        );
      }
      const perSecond = (list: readonly number[], amount: number): number =>
        rounded(summarise(list.map((time) => amount / time)).median);
      return {
        processed: verified,
        inputs: { entries, bytes, files: files.length, cores, seed: options.seed },
        figures: {
          entries_per_second: perSecond(times.all, entries),
          gigabytes_per_second: perSecond(times.all, bytes / 1e9),
          one_thread_entries_per_second: perSecond(times.one, entries),
          one_thread_gigabytes_per_second: perSecond(times.one, bytes / 1e9),
          sha256_gigabytes_per_second: perSecond(times.hash, bytes / 1e9),
        },
        ratios: {
          verify_to_sha256: rounded(
            summarise(times.hash.map((time, at) => time / (times.all[at] ?? Number.NaN))).median,
          ),
          all_cores_to_one: rounded(
            summarise(times.one.map((time, at) => time / (times.all[at] ?? Number.NaN))).median,
          ),
        },
        notes: [
          'bytes: every file of the log but its index; all of it in the page cache',
          'sha256: the same files read and hashed whole by as many threads; verifying hashes ciphertexts once and each leaf and node of the tree besides',
        ],
      };
    }),
};

async function verifyOnce(directory: string, verifierKey: string, run: RunJobs): Promise<number> {
  const result = await verifyLog({ directory, verifierKey: parseVerifierKey(verifierKey), run });
  if (!result.ok) throw new Error(`The log does not verify: ${result.fault.path} ${result.fault.reason}`);
  return result.treeSize;
}

async function hashFiles(files: readonly string[], threads: number): Promise<void> {
  await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const hashing = worker('hash');
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      hashing.once('message', () => resolve());
      hashing.once('error', reject);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
      hashing.postMessage(files.filter((__, at) => at % threads === thread));
      await promise;
      await hashing.terminate();
    }),
  );
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('index.db'))
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function shown(times: readonly number[], amount: number): number {
  return Math.round(amount / (times.at(-1) ?? Number.NaN));
}
