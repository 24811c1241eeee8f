// A vault in memory with a ledger beside it, people with passkeys, and a place elsewhere, for the tests beside it.
import { createHash, generateKeyPairSync, hash, randomBytes, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createManualClock } from '@sallyport/platform/clock';
import { openKeyVault } from '../key-vault.ts';
import type { KeyVault } from '../key-vault.ts';
import type { KeyProvider, ProviderKind } from '../key-provider.ts';
import type { Outside, VaultFiles } from '../needs.ts';
import { createSealedFileProvider } from '../sealed-file-provider.ts';
import { failingFiles, placeAt } from '../vault-testing.ts';
import type { MemoryDisk } from '../vault-testing.ts';
import type { Assertion } from './assertion.ts';
import type { OfferedPasskey } from './approvers.ts';
import type { DestructionDesk } from './desk.ts';
import type { DestructionNeeds } from './needs.ts';
import type { StepNeed } from './run-needs.ts';
import type { PasskeyAlgorithm } from './cose-key.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const startMs = Date.UTC(2026, 10, 22, 12);

/** A ledger that keeps what it was given, like the real one: one body a sequence, whatever is sent again. */
export type MemoryRecords = DestructionNeeds['records'] & {
  readonly entries: { sequence: number; body: Buffer }[];
  actions(): string[];
  details(action: string): Record<string, unknown>;
  /** Fails this many times from now on, before or after the entry is durable. */
  fail(times: number, when: 'before' | 'after'): void;
};

export function memoryRecords(entries: { sequence: number; body: Buffer }[] = []): MemoryRecords {
  let failures = 0;
  let failsWhen: 'before' | 'after' = 'before';
  const read = (body: Buffer): Record<string, Record<string, Record<string, Record<string, unknown>>>> =>
    JSON.parse(body.toString('utf8'));
  return {
    entries,
    actions: () => entries.map(({ body }) => String(read(body)['metadata']?.['event_code'])),
    details: (action) => {
      const found = entries
        .map(({ body }) => read(body))
        .findLast((event) => String(event['metadata']?.['event_code']) === action);
      return found?.['unmapped']?.['sallyport']?.['details'] ?? {};
    },
    fail(times, when) {
      failures = times;
      failsWhen = when;
    },
    async append({ sequence, body }) {
      const fails = failures > 0;
      failures -= fails ? 1 : 0;
      if (fails && failsWhen === 'before') throw new Error('planted: the ledger is away');
      const known = entries.findIndex((entry) => entry.sequence === sequence);
      if (known === -1) entries.push({ sequence, body: Buffer.from(body) });
      if (fails) throw new Error('planted: the answer was lost');
      return { log: 1, index: known === -1 ? entries.length - 1 : known };
    },
    find(sequence) {
      const index = entries.findIndex((entry) => entry.sequence === sequence);
      return index === -1 ? undefined : { log: 1, index, body: entries[index]?.body };
    },
    logOf: ({ origin, treeSize }) => (origin === 'sallyport/test/1' && treeSize <= entries.length ? 1 : undefined),
    eventOf: (evidence) => {
      const parsed: unknown = JSON.parse(evidence);
      return parsed;
    },
  };
}

export type House = {
  readonly vault: KeyVault;
  readonly desk: DestructionDesk;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly records: MemoryRecords;
  readonly disk: MemoryDisk;
  readonly removed: string[];
};

export type HouseOptions = {
  readonly disk?: MemoryDisk;
  readonly files?: VaultFiles;
  readonly records?: MemoryRecords;
  readonly clock?: ReturnType<typeof createManualClock>;
  readonly waitMs?: number;
  readonly machine?: string;
  readonly outside?: Outside;
  readonly notRead?: string;
  readonly kept?: readonly string[];
  /** Instead of the sealed file. */
  readonly provider?: readonly [ProviderKind, KeyProvider];
  /** Beside it; both wrap every epoch. */
  readonly second?: readonly [ProviderKind, KeyProvider];
};

/** Opens the vault as a start of the process does, the ledger's tales included. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const { disk = new Map<string, Buffer>(), records = memoryRecords(), waitMs = 72 * hourMs } = options;
  const { clock = createManualClock(startMs), files = failingFiles(disk) } = options;
  const at = placeAt('/memory');
  const sealed = createSealedFileProvider({
    directories: at.directories,
    unsealing: { kind: 'file', path: at.keyFile },
    random: randomBytes,
    files,
  });
  const given = options.provider ?? (['sealed-file', sealed] satisfies [ProviderKind, KeyProvider]);
  const second = options.second === undefined ? [] : [options.second];
  const removed: string[] = [];
  const vault = await openKeyVault(
    {
      directories: at.directories,
      providers: new Map<ProviderKind, KeyProvider>([given, ...second]),
      firstProviders: [given[0], ...second.map(([kind]) => kind)],
      machine: options.machine,
      clock,
      random: randomBytes,
      files,
      pause: async () => undefined,
      broken: () => undefined,
      signal: new AbortController().signal,
      destruction: {
        records,
        rules: { waitMs, quorum: 1, maxKeysPerBatch: 1000 },
        running: clock,
        removed: (keyIds) => void removed.push(...keyIds),
      },
    },
    options.outside,
  );
  const desk = vault.destructions;
  if (desk === undefined) throw new TypeError('the vault has no desk for destructions');
  await desk.replay({ kept: [], notRead: undefined, isAll: false });
  await desk.replay({ kept: options.kept ?? [], notRead: options.notRead, isAll: true });
  return { vault, desk, clock, records, disk, removed };
}

/** Keys of so many days of events; the newest of them is one nothing may destroy. */
export function fillDays(vault: KeyVault, days: number, from = '2026-01-01'): string[] {
  return Array.from({ length: days }, (_, day) => {
    const label = new Date(Date.parse(from) + day * dayMs).toISOString().slice(0, 10);
    return vault.ensureKey('block-data', `events/${label}`).id;
  });
}

/** A place elsewhere that keeps what it is given. */
export function elsewhere(): { files: Map<string, Buffer>; stepWith(desk: DestructionDesk): Promise<StepNeed> } {
  const files = new Map<string, Buffer>();
  return {
    files,
    async stepWith(desk) {
      let need = await desk.step({ hasOffSite: true });
      for (let round = 0; need.kind === 'export' && round < 5; round += 1) {
        const { bytes, generation } = desk.exportFile();
        files.set(`${generation}`, Buffer.from(bytes));
        const sha256 = hash('sha256', bytes);
        need = await desk.step({
          hasOffSite: true,
          exported: { sha256, generation, location: `memory:${generation}` },
        });
      }
      return need;
    },
  };
}

/** Lets the process run for so long, as the server does: looking in again and again. */
export async function runFor(house: House, ms: number, everyMs = 10 * 60_000): Promise<void> {
  for (let passed = 0; passed < ms; passed += everyMs) {
    house.clock.advance(Math.min(everyMs, ms - passed));
    await house.desk.step({ hasOffSite: false });
  }
}

/** A person with a passkey in software. Answers challenges; can be told to misbehave. */
export type Person = {
  readonly userId: string;
  readonly name: string;
  readonly passkey: OfferedPasskey;
  sign(digest: string, change?: AssertionChange): Assertion;
};
export type AssertionChange = {
  readonly type?: string;
  readonly origin?: string;
  readonly challenge?: string;
  readonly crossOrigin?: boolean;
  readonly flags?: number;
  readonly hostName?: string;
  readonly counter?: number;
  readonly trailing?: Buffer;
};

export function person(name: string, algorithm: PasskeyAlgorithm = 'ES256'): Person {
  const { publicKey, privateKey } = makePair(algorithm);
  const credentialId = randomBytes(16).toString('base64url');
  let count = 0;
  return {
    userId: `user-${name.toLowerCase()}`,
    name,
    passkey: {
      credentialId,
      publicKey: coseKey(publicKey, algorithm).toString('base64url'),
      hostName: 'localhost',
      counter: 0,
    },
    sign(digest, change = {}) {
      count += 1;
      const clientData = Buffer.from(
        JSON.stringify({
          type: change.type ?? 'webauthn.get',
          challenge: change.challenge ?? Buffer.from(digest, 'hex').toString('base64url'),
          origin: change.origin ?? 'http://localhost:8470',
          crossOrigin: change.crossOrigin ?? false,
        }),
      );
      const head = Buffer.alloc(5);
      head.writeUInt8(change.flags ?? 0x05, 0);
      head.writeUInt32BE(change.counter ?? count, 1);
      const data = Buffer.concat([
        createHash('sha256')
          .update(change.hostName ?? 'localhost')
          .digest(),
        head,
        change.trailing ?? Buffer.alloc(0),
      ]);
      const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()]);
      return {
        credentialId,
        clientDataJson: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signBytes(
          algorithm === 'ES256' || algorithm === 'RS256' ? 'sha256' : null,
          signed,
          privateKey,
        ).toString('base64url'),
      };
    },
  };
}

function makePair(algorithm: PasskeyAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'ML-DSA-44':
      return generateKeyPairSync('ml-dsa-44');
    case 'ML-DSA-65':
      return generateKeyPairSync('ml-dsa-65');
    case 'ML-DSA-87':
      return generateKeyPairSync('ml-dsa-87');
  }
}

/** As an authenticator encodes it (RFC 9052, 7). */
function coseKey(key: KeyObject, algorithm: PasskeyAlgorithm): Buffer {
  const { x = '', y = '', n = '', e = '', ...rest } = key.export({ format: 'jwk' });
  const pub = typeof rest['pub'] === 'string' ? rest['pub'] : '';
  const member = (text: string): Buffer => bytes(Buffer.from(text, 'base64url'));
  switch (algorithm) {
    case 'ES256':
      return Buffer.concat([Buffer.from('a5010203262001', 'hex'), label(-2), member(x), label(-3), member(y)]);
    case 'EdDSA':
      return Buffer.concat([Buffer.from('a4010103272006', 'hex'), label(-2), member(x)]);
    case 'RS256':
      return Buffer.concat([Buffer.from('a4010303390100', 'hex'), label(-1), member(n), label(-2), member(e)]);
    case 'ML-DSA-44':
      return Buffer.concat([Buffer.from('a3010703382f', 'hex'), label(-1), member(pub)]);
    case 'ML-DSA-65':
      return Buffer.concat([Buffer.from('a30107033830', 'hex'), label(-1), member(pub)]);
    case 'ML-DSA-87':
      return Buffer.concat([Buffer.from('a30107033831', 'hex'), label(-1), member(pub)]);
  }
}

const label = (value: number): Buffer => Buffer.from([value < 0 ? 0x20 | (-1 - value) : value]);
function bytes(value: Buffer): Buffer {
  if (value.length < 24) return Buffer.concat([Buffer.from([0x40 | value.length]), value]);
  if (value.length < 256) return Buffer.concat([Buffer.from([0x58, value.length]), value]);
  return Buffer.concat([Buffer.from([0x59, value.length >> 8, value.length & 0xff]), value]);
}

/** As an administrator enrols the first two. */
export const founding = { by: 'user-ada', reason: 'the first two' };

/** Two people who may agree, enrolled while nobody was. */
export async function twoPeople(desk: DestructionDesk): Promise<{ ada: Person; grace: Person }> {
  const [ada, grace] = [person('Ada'), person('Grace')];
  for (const { userId, name, passkey } of [ada, grace])
    await desk.enrol({ userId, name, passkeys: [passkey] }, founding);
  return { ada, grace };
}
