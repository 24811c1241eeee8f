// A recording over real files and a real database; a ledger in memory whose proofs verify; cameras that send.
import { createHash, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { formatEvidence } from '@sallyport/ledger/evidence';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { Ledger } from '@sallyport/ledger';
import {
  createEd25519Signer,
  createFrontier,
  formatCheckpoint,
  formatVerifierKey,
  hashLeaf,
  proveInclusion,
  signNote,
} from '@sallyport/merkle-log';
import { comparePositions, deviceProofText } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import { encodeSegment, segmentStatement } from '@sallyport/segment-format';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { createFrameHub } from '../frames/frame-hub.ts';
import { cameraWatchMigrations } from '../migrations/migrations.ts';
import { createRecordingFiles } from './recording-files.ts';
import type { RecordingFiles } from './recording-files.ts';
import type { RecordingNeeds } from './recording-needs.ts';
import { createRecording } from './recording.ts';

export const startMs = Date.UTC(2026, 10, 22, 9);
export const operator = { kind: 'operator', id: 'op-1', name: 'Ada', scopes: [] } as const;
/** Of the server, as devices reach it. */
export const host = 'sallyport.test';
export const page =
  '<!doctype html><title>Clip</title><pre id="clip" hidden><!--CLIP--></pre><script>play()</script>\n';

/** A picture as far as anything here looks into one: it begins as a JPEG and is not like the one before. */
export function picture(seed: number, bytes = 300): Uint8Array {
  const content = createHash('sha256').update(String(seed)).digest();
  return Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff]),
    ...Array.from({ length: Math.ceil(bytes / 32) }, () => content),
  ]);
}

/** The memory ledger with evidence that verifies: its events as the leaves of a signed tree. */
function provable(ledger: MemoryLedger, origin: string) {
  const signer = createEd25519Signer({ name: origin, privateKey: generateKeyPairSync('ed25519').privateKey });
  const verifierKey = formatVerifierKey(signer.verifierKey);
  const salt = Buffer.alloc(32, 5);
  const leafOf = (classUid: number, body: Uint8Array): Buffer => {
    const leaf = Buffer.alloc(76);
    leaf.writeUInt8(1, 0);
    leaf.writeUInt8(1, 1);
    leaf.writeUIntBE(startMs, 2, 6);
    leaf.writeUInt32BE(classUid, 8);
    createHash('sha256').update(salt).update(body).digest().copy(leaf, 44);
    return leaf;
  };
  const prove: Ledger['prove'] = async (position) => {
    const nodes = new Map<string, Uint8Array>();
    const tree = createFrontier();
    const events = ledger.events();
    const leaves = events.map(({ classUid, body }) => leafOf(classUid, body ?? new Uint8Array()));
    for (const leaf of leaves)
      tree.append(hashLeaf(leaf), (level, index, hash) => nodes.set(`${level}/${index}`, hash));
    const index = events.findIndex((event) => comparePositions(event.position, position) === 0);
    const [leaf, body] = [leaves[index], events[index]?.body];
    if (leaf === undefined || body === undefined) return ledger.prove(position);
    const proof = proveInclusion({
      index,
      treeSize: tree.size,
      hashAt: (level, at) => nodes.get(`${level}/${at}`) ?? new Uint8Array(),
    });
    const text = formatCheckpoint({ origin, treeSize: tree.size, root: tree.root() });
    return formatEvidence({
      verifierKey,
      leaf,
      salt,
      body,
      index,
      proof,
      checkpoint: signNote({ text, signers: [signer] }),
    });
  };
  return { ledger: { ...ledger, prove }, verifierKey };
}

export type Fixture = Awaited<ReturnType<typeof setUp>>;

export async function setUp(context: Pick<TestContext, 'after'>) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-recording-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations, cameraWatchMigrations]);
  const clock = createManualClock(startMs);
  const { ledger, verifierKey } = provable(createMemoryLedger({ clock }), 'sallyport/test/1');
  const lines: string[] = [];
  const log = createLog({ clock, write: (line) => lines.push(line) });
  const recordingsDirectory = join(directory, 'recordings');
  const files = createRecordingFiles(recordingsDirectory);
  const disk = { freeBytes: 1024 ** 4 };
  const devices = new Map<string, ReturnType<typeof makeDevice>>();
  const tasks = new Set<() => void>();
  const hub = createFrameHub({ log });
  const opened = new Set<Awaited<ReturnType<typeof createRecording>>>();
  const random = (length: number) => randomBytes(length);
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random, nowMs: () => clock.nowMs() });
  const needs: RecordingNeeds = {
    hub,
    database,
    ledger,
    outbox,
    clock,
    every: (_intervalMs, task) => {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    random,
    log,
    sealingKey: Buffer.alloc(32, 9),
    files: { ...files, freeBytes: async () => disk.freeBytes },
    isSignedBy: (id, proof, signature) => devices.get(id)?.isProof(deviceProofText(proof), signature) === true,
    describeCamera: async (id) => ({ name: `The ${id}`, place: 'yard' }),
    momentsBetween: async () => [],
    clipPage: () => page,
  };
  context.after(async () => {
    for (const recording of opened) await recording.close();
    await close();
    rmSync(directory, { recursive: true, force: true });
  });

  return {
    needs,
    clock,
    ledger,
    verifierKey,
    hub,
    database,
    files,
    disk,
    lines,
    recordingsDirectory,
    devices,
    /** Over the same files and database, as after a start. */
    async open(changed: Partial<RecordingNeeds> = {}) {
      const recording = await createRecording({ ...needs, ...changed });
      opened.add(recording);
      return recording;
    },
    /** One that is killed rather than closed. */
    openUnclosed: (changed: Partial<RecordingNeeds>) => createRecording({ ...needs, ...changed }),
    /** Runs what would run every so often, and lets it finish. */
    async tick() {
      for (const task of tasks) task();
      for (const recording of opened) await recording.settled();
    },
    /** The camera sends pictures for this long, four a second, and time passes; the disk keeps up. */
    async send(camera: string, forMs: number, options: { bytes?: number } = {}) {
      for (let passed = 0; passed < forMs; passed += 5000) {
        this.sendAtOnce(camera, Math.min(5000, forMs - passed), options);
        for (const recording of opened) await recording.settled();
      }
    },
    /** As `send`, while the disk does nothing. */
    sendAtOnce(camera: string, forMs: number, options: { bytes?: number } = {}) {
      const everyMs = 250;
      for (let passed = 0; passed < forMs; passed += everyMs) {
        const nowMs = clock.nowMs();
        const jpeg = picture(nowMs, options.bytes);
        hub.offer({ cameraId: camera, jpeg, capturedMs: nowMs, receivedMs: nowMs });
        hub.offerAudio({ cameraId: camera, pcm: new Uint8Array(800), capturedMs: nowMs, receivedMs: nowMs });
        clock.advance(everyMs);
      }
    },
    addDevice(id: string) {
      const device = makeDevice(id);
      devices.set(id, device);
      return device;
    },
    events: () =>
      ledger
        .events()
        .map(({ body }): { metadata: { event_code: string }; unmapped: { sallyport: Record<string, never> } } =>
          JSON.parse(Buffer.from(body ?? new Uint8Array()).toString()),
        ),
  };
}

/** A device that records itself and signs what it sends later. */
function makeDevice(id: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    isProof: (text: string, signature: string): boolean =>
      verify(
        'sha256',
        Buffer.from(text),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
    lateSegment(startedMs: number, durationMs = 10_000, camera = id) {
      const records = Array.from({ length: durationMs / 500 + 1 }, (_, at) => ({
        kind: 'frame' as const,
        atMs: startedMs + at * 500,
        payload: picture(startedMs + at),
      }));
      const endedMs = startedMs + durationMs;
      const plain = encodeSegment({ camera, startedMs, endedMs, records });
      const plainSha256 = createHash('sha256').update(plain).digest('hex');
      return {
        ...this.signed({ camera: id, startedMs, endedMs, plainSha256 }),
        bytes: plain.length,
        offset: 0,
        piece: plain,
      };
    },
    signed<Claim extends Parameters<typeof segmentStatement>[0]>(claim: Claim) {
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
      const text = deviceProofText({ purpose: 'segment', host, value: segmentStatement(claim) });
      return { ...claim, host, signature: sign('sha256', Buffer.from(text), key).toString('base64url') };
    },
  };
}

export type FilesThatFail = RecordingFiles & { failNext(error: Error): void };

/** Writes fail when told to, as on a disk that is full. */
export function failingFiles(files: RecordingFiles): FilesThatFail {
  let failure: Error | undefined;
  return {
    ...files,
    async write(name, bytes) {
      const error = failure;
      failure = undefined;
      if (error !== undefined) throw error;
      return files.write(name, bytes);
    },
    failNext(error) {
      failure = error;
    },
  };
}
