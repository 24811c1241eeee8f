import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deviceProofText } from '@sallyport/contracts';
import { decodeSegment, encodeSegment, segmentStatement } from '@sallyport/segment-format';
import type { Answer, Question, ServerApi } from '../identity/server-api.ts';
import { createRecordingDesk } from './recording-desk.ts';
import type { RecordingNews, RecordingStatus } from './recording-messages.ts';
import { memoryFiles } from './recording.fixture.ts';
import type { RecordedSegment } from './segment-recorder.ts';
import { createUpload } from './upload.ts';

const camera = '0123456789abcdef';
const host = 'home.example';
const startedMs = Date.UTC(2026, 10, 22, 9);
const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
const recording = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

const segmentAt = (atMs: number, bytes = 100, isDelivered = false): RecordedSegment => ({
  startedMs: atMs,
  endedMs: atMs,
  records: [{ kind: 'frame', atMs, payload: new Uint8Array(bytes).fill(7) }],
  isDelivered,
});
const encoded = (bytes: number) => encodeSegment({ camera, ...segmentAt(startedMs, bytes) });
const ok = (body: Extract<Answer, { kind: 'ok' }>['body']): Answer => ({ kind: 'ok', body });

/** A server that takes pieces in order, as ours does; the whole segment is handed to `onWhole`. */
function takingServer(onWhole: (bytes: Uint8Array, query: URLSearchParams) => void): ServerApi {
  let received = new Uint8Array(0);
  return async ({ path, bytes = new Uint8Array(0) }) => {
    const query = new URL(path, 'http://home.example').searchParams;
    if (Number(query.get('offset')) === received.length) received = Uint8Array.from([...received, ...bytes]);
    if (received.length < Number(query.get('bytes'))) return ok({ state: 'partial', received_bytes: received.length });
    onWhole(received, query);
    received = new Uint8Array(0);
    return ok({ state: 'kept' });
  };
}

const upload = (ask: ServerApi) =>
  createUpload({ ask, camera, host, signingKey: signing.privateKey, subtle: crypto.subtle });

test('A late segment goes in pieces, and what arrives is what was recorded, signed by this phone for this server', async () => {
  const plain = encoded(1_300_000);
  let questions = 0;
  const wholes: { readonly bytes: Uint8Array; readonly query: URLSearchParams }[] = [];
  const server = takingServer((bytes, query) => wholes.push({ bytes, query }));
  const counting: ServerApi = (question) => {
    questions += 1;
    return server(question);
  };
  assert.equal(await upload(counting)(plain, 'spd_x', new AbortController().signal), 'kept');
  // One that asks, three pieces.
  assert.equal(questions, 4);
  const [whole] = wholes;
  assert.deepEqual(whole?.bytes, plain);
  const plainSha256 = createHash('sha256').update(plain).digest('hex');
  assert.equal(whole?.query.get('plain_sha256'), plainSha256);
  const statement = segmentStatement({ camera, startedMs, endedMs: startedMs, plainSha256 });
  const isSigned = await crypto.subtle.verify(
    { name: 'ECDSA', hash: 'SHA-256' },
    signing.publicKey,
    Buffer.from(whole?.query.get('signature') ?? '', 'base64url'),
    new TextEncoder().encode(deviceProofText({ purpose: 'segment', host, value: statement })),
  );
  assert.ok(isSigned);
});

test('A segment that was cut off goes on where the server says', async () => {
  const plain = encoded(1_300_000);
  const offsets: number[] = [];
  const ask: ServerApi = async ({ path }) => {
    offsets.push(Number(new URL(path, 'http://home.example').searchParams.get('offset')));
    return offsets.length === 1 ? ok({ state: 'partial', received_bytes: 1_000_000 }) : ok({ state: 'kept' });
  };
  assert.equal(await upload(ask)(plain, 'spd_x', new AbortController().signal), 'kept');
  assert.deepEqual(offsets, [0, 1_000_000]);
});

test('Each answer of the server has its consequence, and one that goes in circles ends', async () => {
  const outcomeOf = (answer: Answer) => upload(async () => answer)(encoded(10), 'spd_x', new AbortController().signal);
  const refused = (status: number, code = ''): Answer => ({ kind: 'refused', status, code });
  assert.equal(await outcomeOf(ok({ state: 'covered' })), 'kept');
  assert.equal(await outcomeOf(ok({ state: 'expired' })), 'kept');
  assert.equal(await outcomeOf(refused(401)), 'token_refused');
  assert.equal(await outcomeOf(refused(409, 'segment_conflict')), 'refused');
  assert.equal(await outcomeOf(refused(422, 'segment_invalid')), 'refused');
  assert.equal(await outcomeOf(refused(503, 'uploads_busy')), 'busy');
  assert.equal(await outcomeOf(refused(503)), 'later');
  assert.equal(await outcomeOf({ kind: 'unreachable' }), 'later');
  assert.equal(await outcomeOf(ok({ state: 'partial', received_bytes: 0 })), 'later');
  assert.equal(await outcomeOf(ok({ state: 'partial', received_bytes: 1e9 })), 'later');
});

/** The desk of a phone, with files in memory; waits end at once, but for those that wait for a server. */
function deskOn(ask: ServerApi) {
  const files = memoryFiles();
  const news: RecordingNews[] = [];
  const listeners = new Set<() => void>();
  const desk = createRecordingDesk({
    keyStore: { read: async () => ({ keys: { signing, recording }, identity: { deviceId: camera, fingerprint: '' } }) },
    openFiles: async () => files,
    estimate: async () => ({ quota: 1e9 }),
    ask,
    host,
    crypto,
    wait: (ms) => (ms < 5000 ? Promise.resolve() : new Promise(() => undefined)),
    tell(told) {
      news.push(told);
      for (const listener of listeners) listener();
    },
  });
  const until = async (isSo: (status: RecordingStatus) => boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const look = (): void => {
      const last = news.at(-1);
      if (last?.kind === 'status' && isSo(last.status)) resolve(undefined);
    };
    listeners.add(look);
    look();
    await promise;
  };
  desk.take({ kind: 'open', deviceId: camera });
  return { desk, files, news, until };
}

test('What the server missed is kept sealed, sent oldest first when it is reached, and gone when the server has it', async () => {
  const arrived: number[] = [];
  const { desk, files, until } = deskOn(takingServer((bytes) => arrived.push(decodeSegment(bytes).startedMs)));
  for (const atMs of [startedMs + 20_000, startedMs, startedMs + 10_000])
    desk.take({ kind: 'store', segment: segmentAt(atMs), keep: false });
  desk.take({ kind: 'store', segment: segmentAt(startedMs + 30_000, 100, true), keep: false });
  await until(({ waiting }) => waiting === 3);
  for (const sealed of files.kept.values()) assert.ok(!Buffer.from(sealed).includes(Buffer.alloc(20, 7)));
  desk.take({ kind: 'upload', token: 'spd_x' });
  await until(({ waiting, isUploading }) => waiting === 0 && !isUploading);
  assert.deepEqual(arrived, [startedMs, startedMs + 10_000, startedMs + 20_000]);
  assert.equal(files.kept.size, 0);
});

test('What the server is about to keep itself is asked after again soon, and holds up nothing for long', async () => {
  const answers: Answer[] = [{ kind: 'refused', status: 503, code: 'uploads_busy' }, ok({ state: 'covered' })];
  const { desk, files, until } = deskOn(async () => answers.shift() ?? ok({ state: 'kept' }));
  for (const atMs of [startedMs, startedMs + 10_000])
    desk.take({ kind: 'store', segment: segmentAt(atMs), keep: false });
  await until(({ waiting }) => waiting === 2);
  desk.take({ kind: 'upload', token: 'spd_x' });
  await until(({ waiting, isUploading }) => waiting === 0 && !isUploading);
  assert.equal(files.kept.size, 0);
});

test('Whoever keeps everything keeps what the server has too, and does not send it again', async () => {
  const asked: Question[] = [];
  const { desk, files, until } = deskOn(async (question) => {
    asked.push(question);
    return ok({ state: 'kept' });
  });
  desk.take({ kind: 'store', segment: segmentAt(startedMs, 100, true), keep: true });
  await until(({ bytes }) => bytes > 0);
  desk.take({ kind: 'upload', token: 'spd_x' });
  await until(({ isUploading }) => !isUploading);
  assert.equal(asked.length, 0);
  assert.deepEqual([...files.kept.keys()], [`held/${startedMs}-${startedMs}`]);
});

test('A segment the server refuses is set aside and told, and the next one goes', async () => {
  let asked = 0;
  const { desk, files, until } = deskOn(async () => {
    asked += 1;
    return asked === 1 ? { kind: 'refused', status: 422, code: 'segment_invalid' } : ok({ state: 'kept' });
  });
  desk.take({ kind: 'store', segment: segmentAt(startedMs), keep: false });
  desk.take({ kind: 'store', segment: segmentAt(startedMs + 10_000), keep: false });
  desk.take({ kind: 'upload', token: 'spd_x' });
  await until(({ waiting, refused }) => waiting === 0 && refused === 1);
  assert.deepEqual([...files.kept.keys()], [`refused/${startedMs}-${startedMs}`]);
});

test('A file that was changed on the phone is not sent, and is counted lost', async () => {
  const { desk, files, until } = deskOn(async () => ok({ state: 'kept' }));
  desk.take({ kind: 'store', segment: segmentAt(startedMs), keep: false });
  await until(({ waiting }) => waiting === 1);
  for (const [name, bytes] of files.kept) files.kept.set(name, bytes.fill(0, 20, 24));
  desk.take({ kind: 'upload', token: 'spd_x' });
  await until(({ waiting, lost }) => waiting === 0 && lost === 1);
});

test('Erasing leaves nothing, even while something is being sent', async () => {
  const { desk, files, news, until } = deskOn(() => new Promise(() => undefined));
  desk.take({ kind: 'store', segment: segmentAt(startedMs), keep: true });
  desk.take({ kind: 'upload', token: 'spd_x' });
  await until(({ isUploading }) => isUploading);
  desk.take({ kind: 'erase' });
  await until(({ waiting, bytes }) => waiting === 0 && bytes === 0);
  assert.ok(news.some(({ kind }) => kind === 'erased'));
  assert.equal(files.kept.size, 0);
  desk.take({ kind: 'store', segment: segmentAt(startedMs), keep: true });
  await until(({ bytes }) => bytes === 0);
  assert.equal(files.kept.size, 0);
});
