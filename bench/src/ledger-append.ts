import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '@sallyport/contracts';
import type { AppendBatch } from '@sallyport/ledger';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { openBareLoop } from './bare-loop.ts';
import type { Bench } from './bench.ts';
import { openSealerInProcess, openSeparateLedger } from './ledger-processes.ts';
import { cpuSecondsOf, measureDisk } from './machine.ts';
import { withDirectory } from './repository.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded, summarise } from './statistics.ts';

const bodyBytes = 270;
const batchEntries = 1000;
/** Batches under way at once: enough that the sealer never waits for the sender. */
const inFlight = 8;
const collector = 'bench/append';

type Work = {
  readonly bodies: readonly Buffer[][];
  /** Batches before the measurement starts. */
  readonly warmUp: number;
  readonly batches: number;
  readonly profileDirectory: string | undefined;
};

type Speed = { readonly perSecond: number; readonly cpuMicroseconds: number };

export const ledgerAppend: Bench = {
  name: 'ledger-append',
  target:
    'Durable, sealed, provable appends: 100,000 entries of 270 bytes a second, and half of the bare loop of the same run',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const rounds = options.rounds ?? (options.tiny ? 1 : 5);
      const batches = options.tiny ? 3 : 200;
      const warmUp = options.tiny ? 1 : 40;
      const bodies = makeBodies(options.seed, Math.min(batches, 50));
      const work = { bodies, warmUp, batches, profileDirectory: options.profileDirectory };
      const disk = measureDisk(directory);
      const entries = batches * batchEntries;

      const bare: Speed[] = [];
      const inProcess: Speed[] = [];
      const separate: Speed[] = [];
      let proofsVerified = 0;
      for (let round = 0; round < rounds; round += 1) {
        const place = (name: string): string => {
          const path = join(directory, `${round}-${name}`);
          mkdirSync(path);
          return path;
        };
        bare.push(await measureBare(place('bare'), work));
        inProcess.push(await measureInProcess(place('in-process'), work));
        const measured = await measureSeparate(place('separate'), work);
        separate.push(measured.speed);
        proofsVerified += measured.proofsVerified;
        progress(
          `round ${round + 1}/${rounds}: bare ${perSecond(bare)} in process ${perSecond(inProcess)} ledger ${perSecond(separate)} entries/s`,
        );
      }
      return {
        processed: proofsVerified === 0 ? 0 : entries * rounds,
        inputs: {
          body_bytes: bodyBytes,
          batch_entries: batchEntries,
          batches_in_flight: inFlight,
          entries_per_round: entries,
          seed: options.seed,
          disk,
        },
        figures: {
          ledger_entries_per_second: rounds3(separate, 'perSecond'),
          sealer_in_process_entries_per_second: rounds3(inProcess, 'perSecond'),
          bare_loop_entries_per_second: rounds3(bare, 'perSecond'),
          ledger_sealer_cpu_microseconds_per_entry: rounds3(separate, 'cpuMicroseconds'),
          sealer_in_process_cpu_microseconds_per_entry: rounds3(inProcess, 'cpuMicroseconds'),
          bare_loop_cpu_microseconds_per_entry: rounds3(bare, 'cpuMicroseconds'),
          proofs_verified: proofsVerified,
        },
        ratios: {
          ledger_to_bare_loop: ratio(separate, bare),
          sealer_in_process_to_bare_loop: ratio(inProcess, bare),
          ledger_to_target_of_100000: rounded(summarise(separate.map((speed) => speed.perSecond)).median / 100_000),
          bare_loop_cpu_to_sealer_cpu: rounded(
            summarise(bare.map((speed) => speed.cpuMicroseconds)).median /
              summarise(separate.map((speed) => speed.cpuMicroseconds)).median,
          ),
        },
        notes: [
          'ledger: the sealer in its own process behind frames, as the server has it; its CPU is that of the sealer process alone',
          'in process: the same sealer without a pipe',
          'ratios are medians of per-round ratios: both sides of a round ran within seconds of each other',
        ],
      };
    }),
};

async function measureBare(directory: string, { bodies, warmUp, batches }: Work): Promise<Speed> {
  const loop = openBareLoop(join(directory, 'bare'));
  const run = (count: number): void => {
    for (let batch = 0; batch < count; batch += 1) loop.append(bodies[batch % bodies.length] ?? []);
  };
  run(warmUp);
  const speed = await measure(batches, process.pid, async () => run(batches));
  loop.close();
  return speed;
}

async function measureInProcess(directory: string, { bodies, warmUp, batches }: Work): Promise<Speed> {
  const sealer = await openSealerInProcess(directory);
  await inParallel(warmUp, (batch) => sealer.append(batchOf(bodies, batch)));
  const speed = await measure(batches, process.pid, () =>
    inParallel(batches, (batch) => sealer.append(batchOf(bodies, warmUp + batch))),
  );
  sealer.close();
  return speed;
}

async function measureSeparate(
  directory: string,
  { bodies, warmUp, batches, profileDirectory }: Work,
): Promise<{ speed: Speed; proofsVerified: number }> {
  const { client, pid, close } = await openSeparateLedger(directory, profileDirectory);
  try {
    let last: Position | undefined;
    await inParallel(warmUp, async (batch) => void (await client.append(batchOf(bodies, batch))));
    const before = client.head();
    const speed = await measure(batches, pid, () =>
      inParallel(batches, async (batch) => {
        last = (await client.append(batchOf(bodies, warmUp + batch))).at(-1);
      }),
    );
    const recorded = await client.countEvents(before.log, before.index, client.head().index);
    if (recorded !== batches * batchEntries)
      throw new Error(`The ledger holds ${recorded} entries, must be ${batches * batchEntries}`);
    if (last === undefined) return { speed, proofsVerified: 0 };
    const verified = verifyEvidence(await client.prove(last), { verifierKey: await client.verifierKey(last.log) });
    if (!verified.ok) throw new Error(`The proof of the last entry does not verify: ${verified.reason}`);
    return { speed, proofsVerified: 1 };
  } finally {
    await close();
  }
}

async function measure(batches: number, pid: number, run: () => Promise<void>): Promise<Speed> {
  const cpuBefore = cpuSecondsOf(pid) ?? Number.NaN;
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1000;
  const cpu = (cpuSecondsOf(pid) ?? Number.NaN) - cpuBefore;
  const entries = batches * batchEntries;
  return { perSecond: entries / seconds, cpuMicroseconds: (cpu / entries) * 1e6 };
}

/** Runs the numbered tasks, `inFlight` at a time, in order of their numbers. */
async function inParallel(count: number, task: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const mine = next;
      next += 1;
      await task(mine);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

function batchOf(bodies: readonly Buffer[][], number: number): AppendBatch {
  return {
    collector,
    priority: 'intake',
    entries: (bodies[number % bodies.length] ?? []).map((body, order) => ({
      classUid: 1007,
      sequence: number * batchEntries + order,
      body,
    })),
  };
}

/** Small JSON events: half of each is text that repeats, as in real logs, half does not. */
function makeBodies(seed: number, batches: number): Buffer[][] {
  const random = createSeededRandom(seed);
  return Array.from({ length: batches }, () =>
    Array.from({ length: batchEntries }, (_, order) => {
      const start = `{"class_uid":1007,"activity_id":1,"time":${1_795_000_000_000 + random.integer(86_400_000)},"device":{"hostname":"web-${random.integer(50)}"},"process":{"pid":${random.integer(65_536)},"name":"svchost.exe","uid":"${random.hex(32)}"},"actor":{"user":{"name":"user${random.integer(500)}"}},"n":${order},"x":"`;
      return Buffer.from(`${start}${random.hex(Math.max(0, bodyBytes - start.length - 2))}"}`);
    }),
  );
}

function rounds3(speeds: readonly Speed[], key: keyof Speed): Record<string, number> {
  const { median, min, max, rounds } = summarise(speeds.map((speed) => speed[key]));
  return { median: rounded(median), min: rounded(min), max: rounded(max), rounds };
}

function ratio(ours: readonly Speed[], peer: readonly Speed[]): number {
  return rounded(
    summarise(ours.map((speed, round) => speed.perSecond / (peer[round]?.perSecond ?? Number.NaN))).median,
  );
}

function perSecond(speeds: readonly Speed[]): number {
  return Math.round(speeds.at(-1)?.perSecond ?? 0);
}
