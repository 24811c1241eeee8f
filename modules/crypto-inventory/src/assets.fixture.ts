// Rows of an inventory, a database for what was told of them, and an outbox that shows what it was given.
import { X509Certificate } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { AuditEvent, Outbox } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import { certificateAsset } from './certificate-asset.ts';
import { certificates } from './certificates.fixture.ts';
import type { CertificateAsset, GatheredAsset, KeyAsset, ProtocolAsset } from './asset.ts';
import { createCryptoInventory } from './inventory.ts';
import type { CryptoInventory } from './inventory.ts';
import type { InventorySource } from './needs.ts';
import { inventoryMigrations } from './weakness-store.ts';

export const dayMs = 86_400_000;
export const startMs = Date.UTC(2026, 10, 22, 12);
const known = { kind: 'asked', by: 'the test' } as const;

export const keyRow = (more: Partial<KeyAsset> = {}): KeyAsset => ({
  kind: 'key',
  id: 'key/vault/1',
  name: 'Secret outbox',
  owner: 'ledger',
  usedFor: 'seals events',
  where: 'key vault',
  known,
  role: 'encryption',
  material: 'secret-key',
  state: 'active',
  algorithm: 'aes-256-gcm',
  sizeBits: 256,
  createdAtMs: startMs,
  ...more,
});

export const protocolRow = (version: string, more: Partial<ProtocolAsset> = {}): ProtocolAsset => ({
  kind: 'protocol',
  id: `protocol/tls/${version}`,
  name: `TLS ${version}`,
  owner: 'server',
  usedFor: 'console',
  where: 'First listener',
  known,
  protocol: 'tls',
  version,
  cipherSuites: [{ name: 'TLS_AES_256_GCM_SHA384', algorithms: ['aes-256-gcm', 'sha-384'] }],
  groups: ['X25519'],
  algorithms: ['aes-256-gcm', 'sha-384', 'x25519'],
  side: 'server',
  ...more,
});

/** A row made of a real certificate; all of them end 100 days after `startMs`. */
export function certificateRow(name: keyof typeof certificates): CertificateAsset {
  return certificateAsset(new X509Certificate(certificates[name]), {
    id: 'certificate/listener',
    name: 'Certificate of the gate',
    owner: 'https',
    usedFor: 'console',
    where: 'First listener',
    known,
    isUsed: true,
  });
}

export type TestInventory = {
  readonly inventory: CryptoInventory;
  readonly clock: ReturnType<typeof createManualClock>;
  /** What the next look finds; an error: this source does not answer. */
  show(assets: readonly GatheredAsset[] | Error): void;
  /** Action and message of what was recorded since the last call. */
  told(): readonly string[];
  /** The same installation, started again. */
  again(): CryptoInventory;
};

export async function startInventory(context: TestContext): Promise<TestInventory> {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  context.after(close);
  await migrate(database, [inventoryMigrations]);
  const clock = createManualClock(startMs);
  const events: AuditEvent[] = [];
  let found: readonly GatheredAsset[] | Error = [];
  const sources: readonly InventorySource[] = [
    {
      name: 'shown',
      async gather() {
        if (found instanceof Error) throw found;
        return found;
      },
    },
  ];
  const make = (): CryptoInventory => create({ database, clock, sources, events });
  return {
    inventory: make(),
    clock,
    show: (assets) => (found = assets),
    told: () => events.splice(0).map(({ event }) => `${codeIn(event)}: ${String(event['message'])}`),
    again: make,
  };
}

function create(needs: {
  readonly database: Database;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly sources: readonly InventorySource[];
  readonly events: AuditEvent[];
}): CryptoInventory {
  const outbox: Outbox = {
    record: async (_transaction, event) => void needs.events.push(event),
    flushed: async () => undefined,
  };
  return createCryptoInventory({
    ...needs,
    outbox,
    log: createLog({ clock: needs.clock, write: () => undefined }),
    deadline: () => new AbortController().signal,
    product: { name: 'Sallyport', version: '0.0.0' },
  });
}

function codeIn(event: AuditEvent['event']): string {
  const { metadata } = event;
  const code: unknown =
    typeof metadata === 'object' && metadata !== null && 'event_code' in metadata ? metadata.event_code : '';
  return String(code);
}
