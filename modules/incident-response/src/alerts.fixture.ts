import { randomBytes } from 'node:crypto';
import { comparePositions, findingBody } from '@sallyport/contracts';
import type { Finding, JsonValue, OcsfEvent, Position } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { Ledger, Projection } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { alertMigrations } from './alert-store.ts';
import { createAlerts } from './alerts.ts';
import type { AlertsNeeds } from './needs.ts';

export const startMs = Date.UTC(2026, 0, 2, 3, 4, 5);
export const operator: Principal = {
  kind: 'operator',
  id: 'op-1',
  name: 'Ada',
  scopes: ['rules:manage', 'settings:manage'],
};

/** Timers that go off when told. */
export function createManualTimers() {
  const tasks = new Set<() => void>();
  return {
    every: (_intervalMs: number, task: () => void): (() => void) => {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    goOff(): void {
      for (const task of tasks) task();
    },
    count: () => tasks.size,
  };
}

/** The service on an empty database and a ledger in memory. */
export async function setUp(database: Database, limits: AlertsNeeds['limits'] = {}) {
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  const timers = createManualTimers();
  await migrate(database, [ledgerMigrations, alertMigrations]);
  const nowMs = () => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs });
  const needs: AlertsNeeds = {
    database,
    ledger,
    outbox,
    clock,
    every: timers.every,
    random: randomBytes,
    sealingKey: new Uint8Array(32).fill(9),
    limits,
  };
  return { clock, ledger, timers, needs, alerts: createAlerts(needs) };
}

/** A finding about secrets that must stay out of the control database. */
export function finding(input: Partial<Finding> & { index?: number } = {}): Finding {
  const { index = 7, ...rest } = input;
  return {
    uid: `uid-${index}`,
    title: 'Download with certutil',
    createdAtMs: startMs,
    level: 'high',
    rule: { id: 'rule-1', file: 'bundled/certutil.yml' },
    attacks: [],
    input: { log: 1, index },
    generation: 1,
    matched: [{ field: 'CommandLine', value: 'certutil -urlcache planted-command' }],
    // Each on a host of its own, so that they do not gather in one alert.
    host: index === 7 ? 'planted-host' : `planted-host-${index}`,
    user: 'planted-user',
    ...rest,
  };
}

export function findingEvent(input: Parameters<typeof finding>[0] = {}): OcsfEvent {
  return findingBody(finding(input));
}

/** Appends class 2004 events with these bodies and gives their positions. */
export function append(ledger: Ledger, bodies: readonly (JsonValue | Uint8Array)[]): Promise<readonly Position[]> {
  const entries = bodies.map((body) => ({
    classUid: 2004,
    body: body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body)),
    sequence: 0,
    stream: randomBytes(8).toString('hex'),
  }));
  return ledger.append({ collector: 'detection', priority: 'control', entries });
}

/** The id of the alert of the first of these findings. */
export function firstId(positions: readonly Position[]): string {
  return positions.map(({ log, index }) => `${log}-${index}`)[0] ?? '';
}

/** Runs the projection until it is at the head, as the runner would. */
export async function catchUp(projection: Projection, ledger: Ledger, maxEvents = 3): Promise<void> {
  let { cursor } = await projection.load(ledger.head());
  while (comparePositions(cursor, ledger.head()) < 0) {
    const range = await ledger.read(cursor, { maxEvents, maxBytes: 1_000_000 });
    if (comparePositions(range.to, cursor) === 0) return;
    await projection.apply(range);
    cursor = range.to;
  }
}
