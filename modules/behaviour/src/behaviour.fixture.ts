import { randomBytes } from 'node:crypto';
import { comparePositions } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { createBehaviour } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';
import { behaviourMigrations } from './entity-store.ts';
import type { BehaviourNeeds } from './needs.ts';

export const dayMs = 86_400_000;
/** A Monday, 08:00. */
export const startMs = Date.UTC(2026, 0, 5, 8);

export function signIn(user: string, input: { ip?: string; agent?: string } = {}): JsonValue {
  return {
    class_uid: 3002,
    activity_id: 1,
    status_id: 1,
    metadata: { version: '1.8.0' },
    user: { name: user },
    src_endpoint: { ip: input.ip ?? '192.0.2.7' },
    http_request: { user_agent: input.agent ?? 'Firefox on Linux' },
    raw_data: '{}',
  };
}

export function program(host: string, path: string): JsonValue {
  return {
    class_uid: 1007,
    activity_id: 1,
    metadata: { version: '1.8.0' },
    device: { hostname: host },
    process: { file: { path } },
    raw_data: '{}',
  };
}

/** Behaviour on an empty database and a ledger in memory; `restart` makes another on the same state. */
export async function setUp(database: Database, overrides: Partial<BehaviourNeeds> = {}) {
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  await migrate(database, [ledgerMigrations, behaviourMigrations]);
  const nowMs = () => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs });
  const needs: BehaviourNeeds = {
    ledger,
    database,
    outbox,
    clock,
    random: randomBytes,
    sealingKey: new Uint8Array(32).fill(7),
    log: { warn: () => undefined },
    ...overrides,
  };
  const restart = (changes: Partial<BehaviourNeeds> = {}) => createBehaviour({ ...needs, ...changes });
  return { clock, ledger, restart, behaviour: restart() };
}

let sequence = 0;

export async function append(ledger: MemoryLedger, bodies: readonly JsonValue[]): Promise<readonly Position[]> {
  const entries = bodies.map((body) => ({
    classUid: classOf(body),
    body: new TextEncoder().encode(JSON.stringify(body)),
    sequence: (sequence += 1),
    stream: 'test',
  }));
  return ledger.append({ collector: 'intake/test', priority: 'intake', entries });
}

function classOf(body: JsonValue): number {
  const found = typeof body === 'object' && body !== null && 'class_uid' in body ? body.class_uid : 0;
  return typeof found === 'number' ? found : 0;
}

/** Runs the projection until it is at the head, its own findings included. */
export async function catchUp(behaviour: Behaviour, ledger: MemoryLedger): Promise<void> {
  let { cursor } = await behaviour.projection.load(ledger.head());
  while (comparePositions(cursor, ledger.head()) < 0) {
    const range = await ledger.read(cursor, { maxEvents: 100, maxBytes: 1_000_000 });
    if (comparePositions(range.to, cursor) === 0) return;
    await behaviour.projection.apply(range);
    cursor = range.to;
  }
}
