import { RulePackError } from './errors.ts';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { Ledger } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { formatVerifierKey } from '@sallyport/merkle-log';
import { createReading } from './catalogue-thread.ts';
import type { readInThread } from './catalogue-thread.ts';
import { readTask } from './read-task.ts';
import { createRulePacks, rulePackMigrations } from './index.ts';
import type { RuleFile } from './index.ts';
import { buildPack } from './pack-file.ts';
import { createSigningKey } from './signing-key.ts';

export const ada: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: ['rules:manage', 'settings:manage'] };
export const publisher = createSigningKey('example.com/rules', new Uint8Array(32).fill(7)).signer;
export const stranger = createSigningKey('example.com/rules', new Uint8Array(32).fill(9)).signer;
export const publisherKey = formatVerifierKey(publisher.verifierKey);

/** A rule that looks for `word`. */
export function ruleText(id: string, word: string, more = 'level: high\nstatus: test\n'): string {
  return `title: Rule ${id}\nid: ${id}\nauthor: Grace\n${more}logsource:\n  product: windows\ndetection:\n  sel:\n    Image|contains: ${word}\n  condition: sel\n`;
}

/** Releases are days apart: `day` 1 is the first. */
export function packOf(
  files: Readonly<Record<string, string>>,
  release: {
    readonly day?: number;
    readonly name?: string;
    readonly version?: string;
    readonly signer?: typeof publisher;
  } = {},
): Buffer {
  const { day = 1, name = 'sigmahq', version = `r${day}`, signer = publisher } = release;
  return buildPack({
    manifest: { name, version, createdMs: Date.UTC(2026, 0, day), licence: 'DRL-1.1', source: 'a test' },
    files: Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
    signer,
  });
}

export type World = {
  /** What detection has loaded, by file. */
  loaded: Map<string, string>;
  bundled: { id: string; file: string }[];
  reloads: number;
  hunts: string[];
  errors: string[];
  /** Called when detection has read new files and before they are in force. */
  failure: (() => Promise<void>) | undefined;
};

/** Reads as the thread does, in this one: starting threads is most of the time of a test. */
const readInPlace: typeof readInThread = (task) => {
  const { reading, hear, ended } = createReading(async () => undefined);
  void readTask(task, hear).finally(ended);
  return reading;
};

/** Packs beside a detection that loads what they give it; `restart` is a new process on the same disk. */
export async function setUp(options: { readonly inThread?: boolean; readonly holdReading?: boolean } = {}) {
  const held: (() => void)[] = [];
  /** Checks the file at once; what its rules are is told when `letRead` says so. */
  const readWhenLet: typeof readInThread = (task) => {
    const { reading, hear, ended } = createReading(async () => ended());
    const messages: Parameters<typeof hear>[0][] = [];
    void readTask(task, (message) => {
      if (message.kind === 'catalogue') messages.push(message);
      else hear(message);
    });
    held.push(() => {
      messages.forEach(hear);
      ended();
    });
    return reading;
  };

  const directory = mkdtempSync(join(tmpdir(), 'sallyport-packs-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations, rulePackMigrations]);
  const clock = createManualClock(Date.UTC(2026, 5, 1));
  const ledger = createMemoryLedger({ clock });
  const outbox = createOutbox({
    database,
    ledger,
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const world: World = {
    loaded: new Map(),
    bundled: [{ id: 'bundled-1', file: 'bundled/a.yml' }],
    reloads: 0,
    hunts: [],
    errors: [],
    failure: undefined,
  };
  const sealingKey = randomBytes(32);
  const start = () =>
    createRulePacks({
      database,
      outbox,
      clock,
      random: randomBytes,
      sealingKey,
      ...(options.inThread === true ? {} : { read: options.holdReading === true ? readWhenLet : readInPlace }),
      directory: join(directory, 'rule-packs'),
      inForce: {
        async reload() {
          world.reloads += 1;
          const files = await packs.sources();
          await world.failure?.();
          load(files);
        },
        rules: () => [
          ...world.bundled,
          ...[...world.loaded.keys()].map((file) => ({ id: file.replaceAll(/^.*\/|\.yml$/g, ''), file })),
        ],
      },
      hunts: {
        async start({ text }) {
          world.hunts.push(text);
          return { id: `h${world.hunts.length}` };
        },
      },
      log: { error: (message, details) => world.errors.push(`${message}: ${JSON.stringify(details)}`) },
    });
  const load = (files: readonly RuleFile[]): void => {
    world.loaded = new Map(files.map(({ file, text }) => [file, text]));
  };
  let packs = await start();

  async function imported(pack: Uint8Array): Promise<void> {
    const { name, version } = await packs.take(Readable.from([pack]), {
      actor: ada,
      signal: new AbortController().signal,
    });
    await read(name, version);
  }

  async function read(name: string, version: string): Promise<void> {
    for (;;) {
      const { state } = await packs.get(name);
      if (state.versions.find((one) => one.version === version)?.reading !== 'reading') return;
      await sleep(20);
    }
  }

  return {
    world,
    database,
    directory: join(directory, 'rule-packs'),
    packs: () => packs,
    imported,
    read,
    /** Of `holdReading`: the n-th reading that began tells what it read. */
    letRead: (order: number): void => held[order]?.(),
    trust: () => packs.keys.add({ key: publisherKey, note: 'on the phone', actor: ada }),
    /** What detection would load right now. */
    files: async () => (await packs.sources()).map(({ file }) => file),
    async restart() {
      await packs.close();
      packs = await start();
      load(await packs.sources());
    },
    /** Actions of audit events, in order, with how they ended. */
    async events(): Promise<string[]> {
      await outbox.flushed();
      return auditActions(ledger);
    },
    async close() {
      await packs.close();
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function auditActions(ledger: Pick<Ledger, 'read'>): Promise<string[]> {
  const actions: string[] = [];
  const { events } = await ledger.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 64 * 1024 * 1024 });
  for (const { body } of events) {
    const event: unknown = JSON.parse(Buffer.from(body ?? new Uint8Array()).toString());
    if (typeof event !== 'object' || event === null || !('message' in event) || !('status_id' in event)) continue;
    if (typeof event.message !== 'string') continue;
    actions.push(`${event.message}${event.status_id === 1 ? '' : ' failed'}`);
  }
  return actions;
}

export const first = { 'rules/a.yml': ruleText('a', 'one'), 'rules/b.yml': ruleText('b', 'two') };
export const second = {
  'rules/a.yml': ruleText('a', 'changed'),
  'rules/c.yml': ruleText('c', 'three', 'level: low\nstatus: experimental\n'),
};
export const by = { name: 'sigmahq', actor: ada };

export const coded =
  (code: string, message?: RegExp) =>
  (error: unknown): boolean =>
    error instanceof RulePackError && error.code === code && (message?.test(error.message) ?? true);

/** `setUp` with the publisher trusted and release 1 in force. */
export async function inForce() {
  const house = await setUp();
  await house.trust();
  await house.imported(packOf(first));
  await house.packs().activate({ ...by, version: 'r1' });
  return house;
}
