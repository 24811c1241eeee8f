// A sensor's key and records as they stand in the ledger, and the service on an empty database.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { canonicalJson, comparePositions, isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { Projection } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { SensorsNeeds } from '../needs.ts';
import { createColumnKeys } from '../fleet-columns.fixture.ts';
import { deviceFleetMigrations } from '../migrations/migrations.ts';
import { createSensors } from './sensors.ts';

export const startMs = Date.UTC(2026, 0, 2, 3, 4, 5);
export const operator = { kind: 'operator', id: 'op-1', name: 'Ada', scopes: [] } as const;

export function makeKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return {
    publicKey: raw.toString('base64'),
    keyId: createHash('sha256').update(raw).digest('hex').slice(0, 16),
    sign: (text: string): string => sign(null, Buffer.from(text), privateKey).toString('base64'),
  };
}
export type SigningKey = ReturnType<typeof makeKey>;

/** A line as the sensor writes it. */
export function signedLine(key: SigningKey, said: JsonObject): JsonObject {
  const named = { ...said, key_id: key.keyId };
  return {
    ...named,
    signature: key.sign(canonicalJson(named)),
    sensor: { collector: 'sensor', kind: 'sensor', version: '1' },
  };
}

/** A sensor that lives: every call gives its next record. */
export function createPlayedSensor(options: {
  host?: string;
  key?: SigningKey;
  nowMs: () => number;
  collected?: number;
}) {
  const { host = 'web-1', nowMs } = options;
  let key = options.key ?? makeKey();
  let collected = options.collected ?? 0;
  let started = new Date(nowMs()).toISOString();
  let beat = 0;
  let previous = '';
  const said = (event: string, fields: JsonObject): JsonObject => ({
    time: new Date(nowMs()).toISOString(),
    host,
    event,
    collected: collected++,
    ...fields,
  });
  return {
    host,
    key: () => key,
    useKey(next: SigningKey) {
      key = next;
    },
    restart() {
      started = new Date(nowMs()).toISOString();
      beat = 0;
      previous = '';
    },
    skipBeats(count: number) {
      beat += count;
    },
    /** Any record about itself. */
    tell: (event: string, fields: JsonObject = {}): JsonObject => signedLine(key, said(event, fields)),
    beat(fields: JsonObject = {}): JsonObject {
      beat += 1;
      const line = signedLine(
        key,
        said('sensor.heartbeat', {
          started,
          beat,
          beats_skipped: 0,
          ...(previous === '' ? {} : { previous }),
          public_key: key.publicKey,
          sent: collected,
          waiting: 1,
          spool_bytes: 100,
          lost: {},
          cpu_percent: 0.5,
          rss_bytes: 60_000_000,
          slow_factor: 1,
          connection: 'sending',
          clock_offset_ms: 0,
          boot_id: 'boot-1',
          collectors: [{ name: 'processes', last_read: '', records: 3, failures: 0, problem: '' }],
          blind: [],
          ...fields,
        }),
      );
      previous = createHash('sha256').update(JSON.stringify(line['signature'])).digest('hex').slice(0, 32);
      return line;
    },
  };
}

export async function setUp({ database }: { readonly database: Database }, options: Partial<SensorsNeeds> = {}) {
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  const tasks = new Set<() => void>();
  await migrate(database, [ledgerMigrations, deviceFleetMigrations]);
  const nowMs = () => clock.nowMs();
  const needs: SensorsNeeds = {
    database,
    ledger,
    outbox: createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs }),
    clock,
    every: (_intervalMs, task) => {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    random: randomBytes,
    log: createLog({ clock, write: () => undefined }),
    sealingKey: new Uint8Array(32).fill(9),
    columnKeys: await createColumnKeys(),
    ...options,
  };
  const sensors = createSensors(needs);

  /** As intake records them, and judged. */
  async function receive(
    lines: readonly (JsonObject | string)[],
    from: { apiKey?: string; source?: string; classUid?: number } = {},
  ): Promise<void> {
    if (lines.length === 0) return;
    await append(lines, from);
    await catchUp();
  }

  async function append(
    lines: readonly (JsonObject | string)[],
    from: { apiKey?: string; source?: string; classUid?: number } = {},
  ): Promise<void> {
    const { apiKey = 'key-1', source = 'host-web-1.0000aaaa', classUid = 6002 } = from;
    await ledger.append({
      collector: `intake/${source}`,
      priority: 'intake',
      entries: lines.map((line) => ({
        classUid,
        sequence: 0,
        stream: randomBytes(8).toString('hex'),
        body: Buffer.from(
          JSON.stringify({
            class_uid: classUid,
            metadata: { product: { name: 'Sallyport sensor' }, reporter: { uid: apiKey, name: source } },
            raw_data: typeof line === 'string' ? line : JSON.stringify(line),
          }),
        ),
      })),
    });
  }

  async function catchUp(projection: Projection = sensors.projection): Promise<void> {
    let { cursor } = await projection.load(ledger.head());
    while (comparePositions(cursor, ledger.head()) < 0) {
      const range = await ledger.read(cursor, { maxEvents: 3, maxBytes: 1_000_000 });
      await projection.apply(range);
      cursor = range.to;
    }
  }

  /** Lets time go by as the server sees it, looking every five seconds. */
  async function pass(seconds: number): Promise<void> {
    for (let at = 0; at < seconds; at += 5) {
      clock.advance(5000);
      await look();
    }
  }

  /** One look, to its end. */
  async function lookOnly(): Promise<void> {
    for (const task of tasks) task();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The same, and what comes of it. */
  async function look(): Promise<void> {
    const before = ledger.head();
    await lookOnly();
    if (comparePositions(before, ledger.head()) < 0) await catchUp();
  }

  /** What was told, as `event code`. */
  function told(): string[] {
    return notices().map(
      (event) => `${textOf(objectAt(event, 'metadata')['event_code'])} ${textOf(event['status_detail'])}`,
    );
  }

  function notices(): JsonObject[] {
    return ledger.events().flatMap(({ body }) => {
      const event = body === undefined ? null : parseJson(Buffer.from(body).toString('utf8'));
      return isJsonObject(event) && objectAt(event, 'metadata')['log_name'] === 'sensor' ? [event] : [];
    });
  }

  return {
    clock,
    ledger,
    needs,
    sensors,
    receive,
    append,
    lookOnly,
    catchUp,
    pass,
    told,
    notices,
    nowMs,
    sole: () => sensors.list({ limit: 10 })[0],
  };
}

function objectAt(value: JsonObject, name: string): JsonObject {
  const found = value[name];
  return isJsonObject(found) ? found : {};
}
