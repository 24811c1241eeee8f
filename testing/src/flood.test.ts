// More than the server can take, for as long as SALLYPORT_FLOOD_SECONDS says: what it refuses it refuses in words, what it
// acknowledged is there once, others are served meanwhile, and its memory stays where it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { residentBytes } from './process-group.ts';
import { createServerUnderTest } from './server-under-test.ts';
import { eventually } from './waiting.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { problemCode } from './sending.ts';

const seconds = Number(process.env['SALLYPORT_FLOOD_SECONDS'] ?? '7');
/** Each holds a mebibyte of events; one key may hold room for a third of them at once. */
const connections = 40;
const eventsPerBody = 1000;
const mebibyte = 1_048_576;

type Outcome = { readonly batch: string; readonly durable: number; readonly status: number };

test(
  `for ${seconds} seconds three times as much comes as the server takes: nothing acknowledged is lost, and memory stays flat`,
  { timeout: 300_000 + seconds * 4000 },
  async (context) => {
    assert.ok(Number.isSafeInteger(seconds) && seconds > 0);
    const server = createServerUnderTest();
    context.after(() => server.end());
    await server.start();
    // Warm: caches, threads and the first parts of the store are there.
    await flood(server, { lanes: 3, ms: 3000, name: 'warm' });
    const before = residentMebibytes(server);

    const memory: { readonly atMs: number; readonly mebibytes: number }[] = [];
    const answered: number[] = [];
    let isOver = false;
    const beganMs = performance.now();
    const sampling = (async () => {
      while (!isOver) {
        memory.push({ atMs: performance.now() - beganMs, mebibytes: residentMebibytes(server) });
        await delay(250);
      }
    })();
    const watching = (async () => {
      while (!isOver) {
        const started = performance.now();
        // Somebody who sends nothing is served meanwhile.
        const health = await server.ask({ path: '/v1/health', timeoutMs: 60_000 });
        assert.equal(health.status, 200);
        answered.push(performance.now() - started);
        await delay(250);
      }
    })();
    const outcomes = await flood(server, { lanes: connections, ms: seconds * 1000, name: 'flood' });
    isOver = true;
    await Promise.all([sampling, watching]);

    const refused = outcomes.filter(({ status }) => status !== 200);
    const acknowledged = outcomes.filter(({ status }) => status === 200);
    assert.ok(acknowledged.length > 0 && refused.length > 0, `${acknowledged.length} taken, ${refused.length} refused`);
    for (const { durable } of acknowledged) assert.equal(durable, eventsPerBody);

    await server.caughtUp(120_000 + seconds * 3000);
    const recorded = await countOf(server, 'raw.flood:*');
    const durable = outcomes.reduce((sum, outcome) => sum + outcome.durable, 0);
    assert.equal(recorded, durable, 'as many as were acknowledged, and those a refusal said are durable');
    const step = Math.max(1, Math.floor(acknowledged.length / 20));
    for (let at = 0; at < acknowledged.length; at += step) {
      const { batch } = acknowledged[at] ?? assert.fail();
      assert.equal(await countOf(server, `raw.flood:${batch}`), eventsPerBody, batch);
    }

    const halfMs = (memory.at(-1)?.atMs ?? 0) / 2;
    const highest = (isWanted: (atMs: number) => boolean): number =>
      Math.max(...memory.flatMap(({ atMs, mebibytes }) => (isWanted(atMs) ? [mebibytes] : [])));
    const [first, second] = [highest((atMs) => atMs < halfMs), highest((atMs) => atMs >= halfMs)];
    context.diagnostic(
      `${acknowledged.length} bodies taken, ${refused.length} refused, ${recorded} events; MiB before ${before}, first half ${first}, second half ${second}; ${answered.length} others answered, slowest ${Math.round(Math.max(...answered))} ms`,
    );
    // Budgets are filled within the first seconds; what still grows after that would grow for ever.
    assert.ok(second <= first * 1.25 + 128, `memory went from ${first} to ${second} MiB`);
    assert.equal(await server.stop(), 0);
  },
);

/** Sends as fast as answers come, each body once, over so many connections. */
async function flood(
  server: ServerUnderTest,
  { lanes, ms, name }: { readonly lanes: number; readonly ms: number; readonly name: string },
): Promise<Outcome[]> {
  const endMs = performance.now() + ms;
  const outcomes: Outcome[] = [];
  const lane = async (number: number): Promise<void> => {
    for (let turn = 0; performance.now() < endMs; turn += 1) {
      const batch = `${name}x${number}x${turn}`;
      const answer = await server.ask({
        path: `/v1/events?source=${name}-${number}&sequence=${turn * eventsPerBody}`,
        key: server.keys().ingest,
        headers: { 'content-type': 'application/x-ndjson' },
        body: bodyOf(name, batch),
        timeoutMs: 120_000,
      });
      const reply: { accepted?: number; details?: { accepted?: number } } = JSON.parse(answer.text);
      if (answer.status === 200) {
        outcomes.push({ batch, status: 200, durable: reply.accepted ?? 0 });
        continue;
      }
      assert.ok([429, 503].includes(answer.status), `${answer.status} ${answer.text}`);
      assert.doesNotMatch(problemCode(answer), /problem/);
      outcomes.push({ batch, status: answer.status, durable: reply.details?.accepted ?? 0 });
      // Impatient, as a flood is, yet not a loop that only this side feels.
      await delay(100);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return outcomes;
}

function bodyOf(name: string, batch: string): string {
  const filler = 'x'.repeat(mebibyte / eventsPerBody - 120);
  return Array.from({ length: eventsPerBody }, (_, at) => JSON.stringify({ [name]: batch, at, message: filler })).join(
    '\n',
  );
}

async function countOf(server: ServerUnderTest, query: string): Promise<number> {
  // The store shares its memory with what it still merges after a flood: it says that it is busy, and is asked again.
  const answer = await eventually({
    what: 'the count is answered',
    timeoutMs: 120_000,
    everyMs: 1000,
    async look() {
      const given = await server.ask({ path: `/v1/events/count?q=${encodeURIComponent(query)}`, timeoutMs: 60_000 });
      if (given.status !== 503 || problemCode(given) !== 'store_busy') return given;
      assert.ok(Number(given.headers['retry-after']) > 0, 'says when to ask again');
      return undefined;
    },
  });
  assert.equal(answer.status, 200, answer.text);
  const { count }: { count: number } = JSON.parse(answer.text);
  return count;
}

/** Of all processes of the server together. */
function residentMebibytes(server: ServerUnderTest): number {
  return Math.round(server.processes().reduce((sum, { pid }) => sum + (residentBytes(pid) ?? 0), 0) / mebibyte);
}
