import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { accessRiskMigrations, createAccessRisk, createGeo } from '@sallyport/access-risk';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { LedgerEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import type { Bench } from './bench.ts';
import { withDirectory } from './repository.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded } from './statistics.ts';

const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/604.1',
];
const perRange = 500;
const lookups = 200_000;
const questions = 20_000;

/** Sign-ins of many people, five each, from addresses all over the internet; every fifth preceded by a failure. */
export const accessRisk: Bench = {
  name: 'access-risk',
  target:
    '5,000 sign-ins/s learnt and judged on one core with 100,000 people known; at most 4 kB of heap a person; a question before a session under 50 µs',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const people = options.tiny ? 200 : 100_000;
      const rounds = 5;
      const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
      await migrate(database, [accessRiskMigrations]);
      const clock = createManualClock(Date.UTC(2026, 0, 5, 8));
      const outbox = { record: async () => undefined, flushed: async () => undefined };
      const log = { warn: () => undefined };
      const geo = await createGeo({ database, outbox, clock, log, directory: join(directory, 'geo') });
      const { integer: number } = createSeededRandom(options.seed);
      const home = Array.from(
        { length: people },
        () => `${1 + number(220)}.${number(256)}.${number(256)}.${number(256)}`,
      );
      let findings = 0;
      let index = 0;
      const risk = createAccessRisk({
        database,
        outbox,
        clock,
        log,
        random: randomBytes,
        sealingKey: randomBytes(32),
        locate: geo.locate,
        ledger: {
          head: () => ({ log: 1, index }),
          append: async ({ entries }) => entries.map(() => ({ log: 2, index: (findings += 1) })),
        },
        reactions: {
          endSessions: async () => 0,
          requirePasswordChange: async () => undefined,
          tell: async () => undefined,
        },
      });
      await risk.projection.load({ log: 1, index: 0 });
      globalThis.gc?.();
      const heapBefore = process.memoryUsage().heapUsed;
      const figures: JsonObject[] = [];
      let events = 0;
      for (let round = 0; round < rounds; round += 1) {
        let seconds = 0;
        for (let from = 0; from < people; from += perRange) {
          const batch: LedgerEvent[] = [];
          for (let person = from; person < Math.min(people, from + perRange); person += 1) {
            const address = number(20) === 0 ? (home[number(people)] ?? '') : (home[person] ?? '');
            const agent = agents[(person + (number(10) === 0 ? 1 : 0)) % agents.length] ?? '';
            const at = { nowMs: clock.nowMs(), person, address, agent };
            if (person % 5 === 0) batch.push(eventAt((index += 1), signIn({ ...at, isFailure: true })));
            batch.push(eventAt((index += 1), signIn({ ...at, isFailure: false })));
          }
          const begun = process.cpuUsage();
          await risk.projection.apply({ from: { log: 1, index: 0 }, to: { log: 1, index: index + 1 }, events: batch });
          const used = process.cpuUsage(begun);
          seconds += (used.user + used.system) / 1e6;
          events += batch.length;
          clock.advance(1000);
        }
        clock.advance(86_400_000);
        figures.push({ round, events_per_cpu_second: Math.round(events / (round + 1) / seconds), findings });
        progress(
          `round ${round + 1}: ${Math.round(events / (round + 1) / seconds)} events a second, ${findings} findings`,
        );
      }
      globalThis.gc?.();
      const heapPerPerson = Math.round((process.memoryUsage().heapUsed - heapBefore) / people);
      const asked = process.cpuUsage();
      for (let question = 0; question < questions; question += 1) {
        const person = number(people);
        risk.riskOf(
          { id: `user-${person}`, name: `person ${person}` },
          { address: home[number(people)] ?? '', agent: agents[0] ?? '' },
        );
      }
      const askedUs = process.cpuUsage(asked);
      const looked = process.cpuUsage();
      for (let lookup = 0; lookup < lookups; lookup += 1)
        geo.locate(`${1 + (lookup % 220)}.${number(256)}.${number(256)}.1`);
      const lookedUs = process.cpuUsage(looked);
      await close();
      return {
        processed: events,
        inputs: { people, rounds, seed: options.seed },
        notes: [
          'processor time of one core, checkpoints to SQLite included',
          'heap_bytes_per_person is with --expose-gc; else it counts garbage as well',
        ],
        figures: {
          rounds: figures,
          heap_bytes_per_person: heapPerPerson,
          question_us: rounded((askedUs.user + askedUs.system) / questions),
          lookup_us: rounded((lookedUs.user + lookedUs.system) / lookups),
        },
        ratios: {},
      };
    }),
};

function eventAt(index: number, body: JsonObject & { readonly receivedAtMs: number }): LedgerEvent {
  const { receivedAtMs, ...event } = body;
  return { position: { log: 1, index }, receivedAtMs, classUid: 3002, body: Buffer.from(JSON.stringify(event)) };
}

function signIn(at: { nowMs: number; person: number; address: string; agent: string; isFailure: boolean }) {
  const { nowMs, person, address, agent, isFailure } = at;
  const [id, name] = [`user-${person}`, `person ${person}`];
  const { event } = auditEvent({
    nowMs,
    actor: { kind: 'user', id, name },
    action: 'session.sign-in',
    classUid: 3002,
    activityId: 1,
    outcome: isFailure ? 'failure' : 'success',
    target: { type: 'user', id, name },
    details: { reason: isFailure ? 'password_wrong' : null, methods: ['password', 'totp'], address },
  });
  return {
    ...event,
    receivedAtMs: nowMs,
    user: { name, uid: id },
    ...(isFailure ? { status_detail: 'password_wrong' } : {}),
    http_request: { user_agent: agent },
    session: { uid: `session-${person}-${nowMs}` },
  };
}
