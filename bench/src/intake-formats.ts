import type { JsonObject } from '@sallyport/contracts';
import type { Bench } from './bench.ts';
import { makeFormatBodies } from './format-bodies.ts';
import type { FormatBody } from './format-bodies.ts';
import { cpuMicrosecondsEach, cpuSeconds } from './process-usage.ts';
import { drain } from './projection-lag.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded, summarise } from './statistics.ts';

const connections = 4;
const catchUpSeconds = 120;

type Round = {
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly serverMicroseconds: number;
};

export const intakeFormats: Bench = {
  name: 'intake-formats',
  target: 'Every format through its door, acknowledged durable: events and bytes a second, beside plain NDJSON',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const seconds = options.seconds ?? (options.tiny ? 0.2 : 3);
      const rounds = options.rounds ?? (options.tiny ? 1 : 3);
      const bodies = makeFormatBodies(createSeededRandom(options.seed), options.tiny ? 20 : 500);
      const server = await startServer(directory, options.profileDirectory);
      try {
        const measured = new Map<string, Round[]>();
        let processed = 0;
        for (let round = 0; round < rounds; round += 1) {
          for (const body of bodies) {
            const result = await send(server, body, seconds);
            processed += result.events;
            measured.set(body.format, [...(measured.get(body.format) ?? []), result]);
            progress(
              `round ${round + 1}/${rounds}, ${body.format}: ${Math.round(result.eventsPerSecond)} events/s, ${(result.bytesPerSecond / 1e6).toFixed(1)} MB/s`,
            );
          }
        }
        const median = (format: string, of: (round: Round) => number): number =>
          summarise((measured.get(format) ?? []).map(of)).median;
        const figures: Record<string, JsonObject> = {};
        const ratios: Record<string, number> = {};
        for (const { format, body, events } of bodies) {
          const perSecond = summarise((measured.get(format) ?? []).map((round) => round.eventsPerSecond));
          figures[format] = {
            events_per_second: {
              median: rounded(perSecond.median),
              min: rounded(perSecond.min),
              max: rounded(perSecond.max),
              rounds: perSecond.rounds,
            },
            megabytes_per_second: rounded(median(format, (round) => round.bytesPerSecond) / 1e6),
            server_cpu_microseconds_per_event: rounded(median(format, (round) => round.serverMicroseconds)),
            ...(events === undefined ? {} : { bytes_per_event: Math.round(body.length / events) }),
          };
          ratios[`${format}_to_ndjson_cpu_per_event`] = rounded(
            median(format, (round) => round.serverMicroseconds) / median('ndjson', (round) => round.serverMicroseconds),
          );
        }
        return {
          processed,
          inputs: {
            connections,
            seconds_per_format: seconds,
            events_per_request: options.tiny ? 20 : 500,
            seed: options.seed,
          },
          figures,
          ratios,
          notes: [
            'closed loop over a few connections; search and detection run beside it and share the two cores',
            'NDJSON are Windows events of 2 kB, the others of their own usual size: compare events of like size by bytes, CPU by event',
            ...(measured.has('evtx') ? [] : ['EVTX not run: the recordings are not beside the checkout']),
          ],
        };
      } finally {
        await server.stop();
      }
    }),
};

async function send(
  server: RunningServer,
  { path, body, contentType, events }: FormatBody,
  seconds: number,
): Promise<Round> {
  const cpuBefore = cpuSeconds(server);
  const start = performance.now();
  let requests = 0;
  let acknowledged = 0;
  const lane = async (): Promise<void> => {
    do {
      const reply = await server.post(path, body, contentType);
      requests += 1;
      if (Number(reply['kept_raw'] ?? 0) > 0) throw new Error(`Not read: ${JSON.stringify(reply['reasons'])}`);
      // Splunk's and OpenTelemetry's answers tell no number: they take all or say so.
      acknowledged += typeof reply['accepted'] === 'number' ? reply['accepted'] : (events ?? 0);
    } while (performance.now() - start < seconds * 1000);
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const elapsed = (performance.now() - start) / 1000;
  // The next one shall not pay for this one's search and detection; their cost is this one's.
  await drain(server, catchUpSeconds);
  return {
    events: acknowledged,
    eventsPerSecond: acknowledged / elapsed,
    bytesPerSecond: (requests * body.length) / elapsed,
    serverMicroseconds: cpuMicrosecondsEach(cpuBefore, cpuSeconds(server), acknowledged).server,
  };
}
