// The acknowledgement is the promise: whatever was killed, whenever, an acknowledged event is there exactly once, and so
// is everything that follows from it. Each kind of kill comes once; SALLYPORT_KILLS and SALLYPORT_SEED make it longer, or the same again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runSallyport } from './command-line.ts';
import { readLedgerLeaves } from './ledger-leaves.ts';
import { markerOf, readMatchedRule, scriptletRule } from './marked-events.ts';
import { findingsOf, listAlerts, provenEvent, searchEverything, verifierKeyOf } from './recorded-events.ts';
import type { RecordedEvent } from './recorded-events.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';
import { createServerUnderTest } from './server-under-test.ts';
import type { Role, ServerUnderTest } from './server-under-test.ts';
import { startSteadyChanges } from './steady-changes.ts';
import { startSteadyLoad } from './steady-load.ts';
import type { SentEvent } from './steady-load.ts';
import { eventually } from './waiting.ts';

const kills = Number(process.env['SALLYPORT_KILLS'] ?? '8');
const seed = Number(process.env['SALLYPORT_SEED'] ?? '20261121');
const findingClass = 2004;

/**
 * Together and apart. With the supervisor everything is started again by hand, as after a power cut; without it the
 * server it left behind has to make way.
 */
const targets: readonly Role[][] = [
  ['server'],
  ['sealer'],
  ['store'],
  ['sealer', 'store'],
  ['server', 'sealer'],
  ['server', 'store'],
  ['supervisor'],
  ['supervisor', 'server', 'sealer', 'store'],
];

test(
  `after ${kills} kills -9 under load (seed ${seed}) every acknowledged event, finding, alert and audit event is there exactly once`,
  { timeout: 300_000 + kills * 15_000 },
  async (context) => {
    assert.ok(Number.isSafeInteger(kills) && kills > 0 && Number.isSafeInteger(seed));
    const server = createServerUnderTest();
    context.after(() => server.end());
    await server.start();
    const rule = readMatchedRule(scriptletRule);
    const load = startSteadyLoad({
      server,
      rule,
      random: createSeededRandom(seed),
      sources: ['alpha', 'beta', 'gamma'],
      pauseMs: 50,
    });
    const changes = startSteadyChanges(server, 1000);
    context.after(() => {
      load.giveUp();
      return changes.stop();
    });
    await eventually({
      what: 'the load flows',
      timeoutMs: 90_000,
      look: () => (load.totals.acknowledged > 100 ? true : undefined),
    });

    const killed = await killRepeatedly(server, load.totals, (line) => context.diagnostic(line));
    await server.ready(90_000);
    await Promise.all([load.stop(), changes.stop()]);
    await server.caughtUp(180_000);
    await auditDelivered(server);
    const health = await server.caughtUp();
    context.diagnostic(`killed ${JSON.stringify(killed)}; load ${JSON.stringify(load.totals)}; head ${health.head}`);

    // A run in which nothing was disturbed proves nothing.
    const acknowledged = load.events.filter(({ position }) => position !== undefined);
    assert.ok(acknowledged.length > 20 * kills, `only ${acknowledged.length} events were acknowledged`);
    assert.ok(load.totals.resent > 0, 'no batch was ever sent again: the kills hit nothing');
    assert.ok(acknowledged.some(({ matches }) => matches));
    assert.ok(changes.created.length > 0);

    const recorded = await searchEverything(server);
    const positions = assertEventsOnce(load.events, recorded);
    await assertFindingsOnce(server, { sent: load.events, positions, recorded, ruleId: rule.id });
    await assertChangesAudited(server, changes, recorded);

    const verifierKey = await verifierKeyOf(server);
    const step = Math.max(1, Math.floor(acknowledged.length / 100));
    for (let at = 0; at < acknowledged.length; at += step) {
      const { marker, position = '' } = acknowledged[at] ?? assert.fail();
      const proven = JSON.stringify(await provenEvent(server, position, verifierKey));
      assert.ok(proven.includes(marker), `the proof of ${position} is not that of ${marker}`);
    }

    assert.equal(await server.stop(), 0, 'it stops in order');
    // Read from the files alone, after everybody has ended.
    const directory = join(server.dataDirectory, 'ledger', 'logs', '1');
    const leaves = readLedgerLeaves(directory).filter(({ kind }) => kind === 'event');
    const last = Number(recorded.at(-1)?.position.split('/')[1]);
    assertSameList(
      recorded.map(({ position }) => position),
      leaves.filter(({ index }) => index <= last).map(({ index }) => `1/${index}`),
      'search holds every event of the ledger and nothing else, all in one log: there was no restore',
    );
    const later = leaves.filter(({ index }) => index > last);
    assert.ok(
      later.length < 1000,
      `${later.length} events came after the search, more than the record of our own reading`,
    );
    const verified = await runSallyport(['ledger', 'verify', directory, '--key', verifierKey], server.environment);
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stdout, /consistent[\s\S]*verified with the key you gave/);
  },
);

type Killed = Record<string, number>;

function shuffled(random: SeededRandom): Role[][] {
  return targets
    .map((roles) => ({ roles, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ roles }) => roles);
}

/** At random moments: during work, during the start of what was killed before, once or several at a time. */
async function killRepeatedly(
  server: ServerUnderTest,
  totals: { readonly acknowledged: number },
  print: (line: string) => void,
): Promise<Killed> {
  const random = createSeededRandom(seed + 1);
  const killed: Killed = {};
  let next: readonly Role[][] = [];
  let acknowledgedBefore = totals.acknowledged;
  for (let number = 1; number <= kills; number += 1) {
    await delay(random.chance(0.25) ? random.between(0, 400) : random.between(400, 3500));
    // As cards are dealt: every kind comes before one comes again.
    if (next.length === 0) next = shuffled(random);
    const [roles = ['server']] = next;
    next = next.slice(1);
    const isThere = roles.find((role) => role !== 'supervisor') ?? 'server';
    await eventually({
      what: `there is a ${isThere} to kill`,
      timeoutMs: 60_000,
      everyMs: 20,
      look: () => server.pid(isThere),
      describe: () => server.output().slice(-4000),
    });
    for (const role of server.kill(...roles)) killed[role] = (killed[role] ?? 0) + 1;
    if (roles.includes('supervisor')) server.launch();
    if (number % 20 !== 0) continue;
    print(`${number} kills, ${totals.acknowledged} events acknowledged`);
    await eventually({
      what: 'events are acknowledged between kills',
      timeoutMs: 90_000,
      look: () => (totals.acknowledged > acknowledgedBefore ? true : undefined),
      describe: () => server.output().slice(-4000),
    });
    acknowledgedBefore = totals.acknowledged;
  }
  return killed;
}

/** Each acknowledged event once and where it was said to be; each other one at most once. Gives the positions of all. */
function assertEventsOnce(sent: readonly SentEvent[], recorded: readonly RecordedEvent[]): Map<string, string> {
  const positions = new Map<string, string>();
  for (const { position, event } of recorded) {
    const marker = markerOf(event?.raw_data);
    if (marker === undefined) continue;
    assert.equal(
      positions.get(marker),
      undefined,
      `${marker} is recorded twice: ${positions.get(marker)}, ${position}`,
    );
    positions.set(marker, position);
  }
  const known = new Set(sent.map(({ marker }) => marker));
  for (const marker of positions.keys()) assert.ok(known.has(marker), `${marker} was never sent`);
  for (const { marker, position } of sent) {
    if (position === undefined) continue;
    assert.equal(positions.get(marker), position, `${marker} was acknowledged at ${position}`);
  }
  return positions;
}

/** One finding for each event that matches and no other, and each finding in one alert. */
async function assertFindingsOnce(
  server: ServerUnderTest,
  found: {
    readonly sent: readonly SentEvent[];
    readonly positions: ReadonlyMap<string, string>;
    readonly recorded: readonly RecordedEvent[];
    readonly ruleId: string;
  },
): Promise<void> {
  const wanted = found.sent.flatMap(({ marker, matches }) => (matches ? (found.positions.get(marker) ?? []) : []));
  const findings = found.recorded.filter(({ event }) => event?.class_uid === findingClass);
  const inputs = findings.map(({ event }) => {
    assert.equal(event?.finding_info?.analytic?.uid, found.ruleId);
    return String(event?.unmapped?.sallyport?.['input']);
  });
  assertSameList(inputs.toSorted(), wanted.toSorted(), 'one finding for each matching event');
  await assertAlertsOnce(
    server,
    findings.map(({ position }, at) => `${position} ${inputs[at] ?? ''}`),
  );
}

/** Each finding counted in one alert: the load makes one rule match on one host again and again. */
async function assertAlertsOnce(server: ServerUnderTest, findings: readonly string[]): Promise<void> {
  const known = new Set(findings);
  const told = new Set<string>();
  let counted = 0;
  for (const alert of await listAlerts(server)) {
    counted += alert.count;
    const newest = await findingsOf(server, alert);
    assert.equal(newest.length, Math.min(alert.count, 100), `alert ${alert.id} tells of its newest findings`);
    for (const pair of [...newest, ...(alert.count > newest.length ? [`${alert.finding} ${alert.input}`] : [])]) {
      assert.ok(known.has(pair), `alert ${alert.id} has no finding "${pair}"`);
      assert.ok(!told.has(pair), `finding "${pair}" is in two alerts`);
      told.add(pair);
    }
  }
  assert.equal(counted, findings.length, 'each finding is counted once');
  const last = findings.at(-1);
  assert.ok(last === undefined || told.has(last), 'the newest finding is in its alert');
}

/** An event left waiting by the last kill is taken to the ledger within seconds, without another change. */
async function auditDelivered(server: ServerUnderTest): Promise<void> {
  let state = '';
  await eventually({
    what: 'the audit events of all keys are in the ledger',
    timeoutMs: 90_000,
    look: async () => {
      const keys = (await keysOf(server)).length;
      const audited = await server.ask({ path: '/v1/events/count?q=metadata.event_code:key.create' });
      const { count }: { count?: number } = JSON.parse(audited.text);
      state = `${keys} keys, ${audited.text}`;
      return count !== undefined && count >= keys ? true : undefined;
    },
    describe: () => state,
  });
}

async function keysOf(server: ServerUnderTest): Promise<{ id: string; name: string }[]> {
  const { keys }: { keys: { id: string; name: string }[] } = JSON.parse(
    (await server.askLocally({ path: '/v1/keys' })).text,
  );
  return keys;
}

/** Every key that exists has one audit event of its creation, and no audit event tells of a key that does not exist. */
async function assertChangesAudited(
  server: ServerUnderTest,
  changes: { readonly created: readonly string[] },
  recorded: readonly RecordedEvent[],
): Promise<void> {
  const keys = await keysOf(server);
  const audited = recorded.flatMap(({ event }) => {
    if (event?.metadata?.event_code !== 'key.create') return [];
    const target: { id: string } = JSON.parse(JSON.stringify(event.unmapped?.sallyport?.['target']));
    return [target.id];
  });
  assertSameList(audited.toSorted(), keys.map(({ id }) => id).toSorted(), 'one audit event for each key');
  const names = keys.map(({ name }) => name);
  for (const name of changes.created) {
    assert.equal(names.filter((candidate) => candidate === name).length, 1, `key "${name}" was acknowledged`);
  }
}

/** As deepEqual, which takes minutes to describe the difference of lists this long. */
function assertSameList(actual: readonly string[], expected: readonly string[], promise: string): void {
  const at = Array.from({ length: Math.max(actual.length, expected.length) }).findIndex(
    (_, index) => actual[index] !== expected[index],
  );
  if (at >= 0)
    assert.fail(
      `${promise}: ${actual.length} instead of ${expected.length}; the first difference is number ${at}, "${actual[at]}" instead of "${expected[at]}"`,
    );
}
