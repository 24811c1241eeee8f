import { createRangeVerifier } from '@sallyport/ledger/range-evidence';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { exportRange, rangeLimits } from '@sallyport/ledger';
import type { LedgerClient } from '@sallyport/ledger';
import type { Bench } from './bench.ts';
import { fillLedger } from './fill-ledger.ts';
import { withDirectory } from './repository.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded, summarise } from './statistics.ts';

const inFlight = 8;

export const ledgerProofs: Bench = {
  name: 'ledger-proofs',
  target: 'Proofs of single events: as many made as one core verifies; of a range, ten times as many events a second',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const entries = options.rows ?? (options.tiny ? 2000 : 200_000);
      const rounds = options.rounds ?? (options.tiny ? 1 : 3);
      const proofs = options.tiny ? 50 : 2000;
      return fillLedger(directory, { entries, seed: options.seed }, async (client) => {
        const verifierKey = await client.verifierKey(1);
        const random = createSeededRandom(options.seed);
        const speeds: Record<'random' | 'inOrder' | 'verified' | 'range', number[]> = {
          random: [],
          inOrder: [],
          verified: [],
          range: [],
        };
        let verifiedProofs = 0;
        let rangeBytes = 0;
        for (let round = 0; round < rounds; round += 1) {
          const anywhere = Array.from({ length: proofs }, () => eventIndex(random.integer(entries)));
          const made = await timed(() => proveAll(client, anywhere));
          speeds.random.push(proofs / made.seconds);
          const following = Array.from({ length: proofs }, (_, at) => eventIndex(at));
          speeds.inOrder.push(proofs / (await timed(() => proveAll(client, following))).seconds);
          const verified = await timed(async () => {
            for (const file of made.result) {
              const checked = verifyEvidence(file, { verifierKey });
              if (!checked.ok) throw new Error(`A proof does not verify: ${checked.reason}`);
              verifiedProofs += 1;
            }
          });
          speeds.verified.push(proofs / verified.seconds);
          const range = await timed(() => exportAll(client, verifierKey));
          rangeBytes = range.result.bytes;
          speeds.range.push(range.result.events / range.seconds);
          progress(
            `round ${round + 1}/${rounds}: ${last(speeds.random)} proofs/s anywhere, ${last(speeds.inOrder)} in order, ${last(speeds.verified)} verified/s; range ${last(speeds.range)} events/s made and verified`,
          );
        }
        const median = (list: readonly number[]): number => rounded(summarise(list).median);
        const ratio = (ours: readonly number[], peer: readonly number[]): number =>
          rounded(summarise(ours.map((speed, at) => speed / (peer[at] ?? Number.NaN))).median);
        return {
          processed: verifiedProofs,
          inputs: { entries, proofs_per_round: proofs, in_flight: inFlight, seed: options.seed },
          figures: {
            proofs_per_second_anywhere: median(speeds.random),
            proofs_per_second_in_order: median(speeds.inOrder),
            verified_per_second: median(speeds.verified),
            range_events_per_second: median(speeds.range),
            range_megabytes: rounded(rangeBytes / 1e6),
          },
          ratios: {
            made_anywhere_to_verified: ratio(speeds.random, speeds.verified),
            made_in_order_to_verified: ratio(speeds.inOrder, speeds.verified),
            range_events_to_proofs_in_order: ratio(speeds.range, speeds.inOrder),
          },
          notes: [
            'made: by the sealer process over frames; anywhere opens a block of 1,000 events for each proof, in order finds it open',
            'range: all of the log, made by the sealer, written out and verified in this process',
          ],
        };
      });
    }),
};

/** Batches of 1,000 close with an entry of their own. */
function eventIndex(number: number): number {
  return number + Math.floor(number / 1000);
}

async function proveAll(client: LedgerClient, indexes: readonly number[]): Promise<string[]> {
  const files: string[] = [];
  const waiting = indexes.values();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const index of waiting) files.push(await client.prove({ log: 1, index }));
    }),
  );
  return files;
}

async function exportAll(client: LedgerClient, verifierKey: string): Promise<{ events: number; bytes: number }> {
  const exported = await exportRange(
    { ...client, knownSources: async () => [] },
    {
      log: 1,
      bounds: { kind: 'times', fromMs: undefined, toMs: undefined },
      sources: [],
      classes: [],
      nameOthers: false,
      witnessed: false,
      bodies: 'all',
      query: undefined,
      mayReadAudit: true,
      limits: rangeLimits,
    },
  );
  const verifier = createRangeVerifier({ verifierKey });
  let bytes = 0;
  for await (const part of exported.parts()) {
    bytes += part.length;
    for (const line of part.split('\n').slice(0, -1)) verifier.line(line);
  }
  const result = verifier.end();
  if (!result.ok) throw new Error(`The range does not verify: ${result.reason}`);
  return { events: result.counts.shown, bytes };
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const start = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - start) / 1000 };
}

function last(list: readonly number[]): number {
  return Math.round(list.at(-1) ?? 0);
}
