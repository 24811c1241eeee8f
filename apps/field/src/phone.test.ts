import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CameraProblem } from './filming/camera.ts';
import type { FilmingKit } from './filming-kit.ts';
import type { Identity, PhoneKeys } from './identity/key-store.ts';
import { createMemory } from './identity/memory.ts';
import { createPhone } from './phone.ts';

const identity: Identity = { deviceId: 'phone', fingerprint: '1' };

async function makeKeys(): Promise<PhoneKeys> {
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const recording = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  return { signing, recording };
}

/** A phone that was approved once; what its camera, keys and files do is told by the test. */
async function setUp(kitOf: (revoke: () => void) => Partial<FilmingKit>) {
  const stored = new Map<string, string>();
  const memory = createMemory({
    getItem: (name) => stored.get(name) ?? null,
    setItem: (name, value) => void stored.set(name, value),
    removeItem: (name) => void stored.delete(name),
  });
  memory.rememberDevice({ name: 'Gate', place: '', site: '' });
  const keys = await makeKeys();
  const log: string[] = [];
  const open = () =>
    createPhone({
      keyStore: {
        makeKeys,
        keep: async () => undefined,
        read: async () => ({ keys, identity }),
        destroy: async () => void log.push('keys destroyed'),
      },
      memory,
      recorder: {
        open: () => undefined,
        store: () => undefined,
        upload: () => undefined,
        pause: () => undefined,
        erase: async () => void log.push('files erased'),
      },
      enrol: async () => ({ kind: 'unreachable' }),
      createSession: () => ({ standing: async () => ({ kind: 'unreachable' }), forget: () => undefined }),
      createFilmingKit: (_session, { onRevoked }) => ({
        start: async () => undefined,
        change: async () => undefined,
        stop: () => void log.push('stopped'),
        leave: () => undefined,
        choicesChanged: () => undefined,
        batteryChanged: () => undefined,
        recordingsChanged: () => undefined,
        networkChanged: () => undefined,
        ...kitOf(onRevoked),
      }),
      takeTurn: async () => () => void log.push('turn given back'),
      mayFilmUnasked: async () => false,
      after: () => () => undefined,
      nowMs: () => 1,
      onView: () => undefined,
    });
  return { open, log, memory };
}

test('A phone that is revoked while its camera opens does not film', async () => {
  const given = Promise.withResolvers<CameraProblem | undefined>();
  const { open, log } = await setUp((revoke) => ({
    start() {
      revoke();
      return given.promise;
    },
  }));
  const phone = open();
  await phone.open(undefined);
  const started = phone.start();
  await Promise.resolve();
  log.length = 0;
  given.resolve(undefined);
  await started;
  assert.ok(log.includes('stopped') && log.includes('turn given back'));
  assert.equal(phone.view().phase.kind, 'revoked');
});

test('A camera that fails in a way nobody foresaw can be started again', async () => {
  let attempts = 0;
  const { open, log } = await setUp(() => ({
    async start() {
      attempts += 1;
      if (attempts === 1) throw new Error('the browser is confused');
      return undefined;
    },
  }));
  const phone = open();
  await phone.open(undefined);
  await phone.start();
  assert.equal(phone.view().startProblem, 'failed');
  assert.deepEqual(log, ['stopped', 'turn given back']);
  await phone.start();
  assert.equal(phone.view().phase.kind, 'filming');
});

test('A page that was closed while it was erasing erases when it is opened again, before it says so', async () => {
  const { open, log, memory } = await setUp(() => ({}));
  memory.rememberRemoved({ name: 'Gate', atMs: 1 });
  const phone = open();
  await phone.open(undefined);
  while (!log.includes('files erased')) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log, ['keys destroyed', 'files erased']);
  const { phase } = phone.view();
  assert.ok(phase.kind === 'revoked' && phase.isErased);
});
