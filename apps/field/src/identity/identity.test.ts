import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deviceFingerprint, deviceKeyText, deviceProofText } from '@sallyport/contracts';
import fc from 'fast-check';
import { codeOfLink, createEnrolment } from './enrolment.ts';
import type { Identity, KeyStore, PhoneKeys } from './key-store.ts';
import { createMemory } from './memory.ts';
import { nextPhase } from './phase.ts';
import type { Phase, PhaseEvent } from './phase.ts';
import type { Answer, Question, ServerApi } from './server-api.ts';
import { createSession } from './session.ts';

const host = 'home.example:8443';
const { subtle } = crypto;

async function makeKeys(): Promise<PhoneKeys> {
  return {
    signing: await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
    recording: await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
  };
}

function memoryKeyStore(): KeyStore & { kept: { keys: PhoneKeys; identity: Identity } | undefined } {
  const store: ReturnType<typeof memoryKeyStore> = {
    kept: undefined,
    makeKeys,
    keep: async (keys, identity) => void (store.kept = { keys, identity }),
    read: async () => store.kept,
    destroy: async () => void (store.kept = undefined),
  };
  return store;
}

const isSigned = async (key: CryptoKey, text: string, signature: unknown): Promise<boolean> =>
  subtle.verify(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    Buffer.from(String(signature), 'base64url'),
    new TextEncoder().encode(text),
  );

/** Answers in turn, the last one for ever, and remembers what it was asked. */
function answering(...answers: readonly Answer[]): ServerApi & { readonly asked: Question[] } {
  const asked: Question[] = [];
  const ask: ServerApi = async (question) => {
    asked.push(question);
    return answers[Math.min(asked.length, answers.length) - 1] ?? { kind: 'unreachable' };
  };
  return Object.assign(ask, { asked });
}

const refused = (status: number, code: string): Answer => ({ kind: 'refused', status, code });

test('Enrolling proves the new key over code and host, and keeps the fingerprint of that key, not the one it is told', async () => {
  const keyStore = memoryKeyStore();
  const told = { device_id: 'abc', fingerprint: '00000 00000 00000 00000 00000 00000', state: 'waiting' };
  const ask = answering({ kind: 'ok', body: told });
  const outcome = await createEnrolment({ ask, keyStore, subtle, host, platform: 'test' })('code-123');
  assert.equal(outcome.kind, 'enrolled');
  assert.ok(keyStore.kept !== undefined);
  const { keys, identity } = keyStore.kept;
  const { x = '', y = '' } = await subtle.exportKey('jwk', keys.signing.publicKey);
  assert.deepEqual(identity, {
    deviceId: 'abc',
    fingerprint: deviceFingerprint(createHash('sha256').update(deviceKeyText({ x, y })).digest()),
  });
  const sent = ask.asked[0]?.json ?? {};
  assert.deepEqual(sent['public_key'], { kty: 'EC', crv: 'P-256', x, y });
  const text = deviceProofText({ purpose: 'enrol', host, value: 'code-123' });
  assert.ok(await isSigned(keys.signing.publicKey, text, sent['signature']));
});

test('A lost answer is asked for again with the same key; another code gets another key', async () => {
  const keyStore = memoryKeyStore();
  const ask = answering({ kind: 'unreachable' });
  const enrol = createEnrolment({ ask, keyStore, subtle, host, platform: 'test' });
  for (const code of ['code-one', 'code-one', 'code-two']) assert.deepEqual(await enrol(code), { kind: 'unreachable' });
  const keys = ask.asked.map(({ json }) => JSON.stringify(json?.['public_key']));
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[0], keys[2]);
  assert.equal(keyStore.kept, undefined);
});

test('Each refusal of a code is told apart', async () => {
  const kindOf = async (answer: Answer) => {
    const enrol = createEnrolment({ ask: answering(answer), keyStore: memoryKeyStore(), subtle, host, platform: '' });
    return (await enrol('code-123')).kind;
  };
  assert.equal(await kindOf(refused(404, 'enrolment_unknown')), 'code_over');
  assert.equal(await kindOf(refused(409, 'enrolment_used')), 'code_used');
  assert.equal(await kindOf(refused(409, 'device_limit_reached')), 'server_full');
  assert.equal(await kindOf(refused(401, 'device_proof_wrong')), 'refused');
  assert.equal(await kindOf(refused(429, 'rate_limited')), 'unreachable');
  assert.equal(await kindOf({ kind: 'ok', body: {} }), 'unreachable');
});

test('A link gives its code and nothing else', () => {
  assert.equal(codeOfLink('#enrol=abc_DEF-123'), 'abc_DEF-123');
  for (const hash of ['', '#', '#enrol=', '#enrol=a', '#other=abcdefgh', '#enrol=<script>alert(1)</script>'])
    assert.equal(codeOfLink(hash), undefined, hash);
  fc.assert(fc.property(fc.string(), (hash) => /^[\w-]{6,128}$/.test(codeOfLink(hash) ?? 'nothing')));
});

const identity = { deviceId: 'abc', fingerprint: '' };
const challenge: Answer = { kind: 'ok', body: { nonce: 'n0nce' } };
const opened: Answer = { kind: 'ok', body: { token: 'spd_1', device: { name: 'Gate', place: 'Yard', site: '' } } };

test('A session is asked for once for ten minutes, by a proof over the nonce of the server', async () => {
  const keys = await makeKeys();
  const ask = answering(challenge, opened, challenge, opened);
  let nowMs = 0;
  const session = createSession({ ask, keys, identity, host, subtle, nowMs: () => nowMs });
  const both = await Promise.all([session.standing(), session.standing()]);
  const device = { name: 'Gate', place: 'Yard', site: '' };
  for (const standing of both) assert.deepEqual(standing, { kind: 'approved', token: 'spd_1', device });
  assert.equal(ask.asked.length, 2);
  const proof = deviceProofText({ purpose: 'session', host, value: 'n0nce' });
  assert.ok(await isSigned(keys.signing.publicKey, proof, ask.asked[1]?.json?.['signature']));
  nowMs = 479_000;
  await session.standing();
  assert.equal(ask.asked.length, 2);
  nowMs = 481_000;
  await session.standing();
  assert.equal(ask.asked.length, 4);
  session.forget();
  await session.standing();
  assert.equal(ask.asked.length, 6);
});

test('A proof that fails on the phone itself is as a server out of reach: it is tried again', async () => {
  const keys = await makeKeys();
  let attempts = 0;
  const sign: typeof subtle.sign = async (...asked) => {
    attempts += 1;
    if (attempts === 1) throw new DOMException('the keys do not answer', 'OperationError');
    return subtle.sign(...asked);
  };
  const ask = answering(challenge, challenge, opened);
  const session = createSession({ ask, keys, identity, host, subtle: { sign }, nowMs: () => 0 });
  assert.equal((await session.standing()).kind, 'unreachable');
  assert.equal((await session.standing()).kind, 'approved');
});

test('Only the server’s own word revokes a phone; faults, strangers and other refusals do not', async () => {
  const keys = await makeKeys();
  const kindOf = async (answer: Answer) => {
    const ask = answering(challenge, answer);
    return (await createSession({ ask, keys, identity, host, subtle, nowMs: () => 0 }).standing()).kind;
  };
  assert.equal(await kindOf(refused(403, 'device_revoked')), 'revoked');
  assert.equal(await kindOf(refused(403, 'device_waiting')), 'waiting');
  assert.equal(await kindOf(refused(401, 'device_proof_wrong')), 'unknown');
  for (const answer of [refused(403, ''), refused(403, 'other'), refused(410, ''), refused(500, ''), refused(429, '')])
    assert.equal(await kindOf(answer), 'unreachable');
  assert.equal(await kindOf({ kind: 'unreachable' }), 'unreachable');
});

test('From invited to filming and back: each step follows from the one before', () => {
  const device = { name: 'Gate', place: '', site: '' };
  const steps: readonly (readonly [PhaseEvent, Phase['kind']])[] = [
    [{ kind: 'opened', code: 'code-123', identity: undefined, removed: { name: 'Old', atMs: 1 } }, 'invited'],
    [{ kind: 'enrolling' }, 'invited'],
    [{ kind: 'enrolment_failed', problem: 'unreachable' }, 'invited'],
    [{ kind: 'enrolling' }, 'invited'],
    [{ kind: 'enrolled', fingerprint: '1' }, 'waiting'],
    [{ kind: 'started' }, 'waiting'],
    [{ kind: 'contact', contact: 'unreached' }, 'waiting'],
    [{ kind: 'approved', device }, 'ready'],
    [{ kind: 'started' }, 'filming'],
    [{ kind: 'contact', contact: 'unreached' }, 'filming'],
    [{ kind: 'approved', device }, 'filming'],
    [{ kind: 'stopped' }, 'ready'],
    [{ kind: 'revoked', name: 'Gate', atMs: 1, isErased: false }, 'revoked'],
  ];
  let phase: Phase = { kind: 'starting' };
  for (const [event, kind] of steps) {
    phase = nextPhase(phase, event);
    assert.equal(phase.kind, kind, event.kind);
  }
});

test('After it was revoked nothing that was under way makes a phone film again', () => {
  const device = { name: '', place: '', site: '' };
  const late: readonly PhaseEvent[] = [
    { kind: 'approved', device },
    { kind: 'started' },
    { kind: 'stopped' },
    { kind: 'enrolled', fingerprint: '1' },
    { kind: 'contact', contact: 'reached' },
    { kind: 'unfit', why: 'no_keys' },
    { kind: 'kept' },
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...late)), (events) => {
      const phase = events.reduce<Phase>(nextPhase, { kind: 'revoked', name: '', atMs: 1, isErased: true });
      assert.equal(phase.kind, 'revoked');
    }),
  );
});

test('What was removed stays removed when the page is opened again; without keys it is a stranger', () => {
  const open = (event: Omit<Extract<PhaseEvent, { kind: 'opened' }>, 'kind'>) =>
    nextPhase({ kind: 'starting' }, { kind: 'opened', ...event }).kind;
  assert.equal(open({ code: undefined, identity: undefined, removed: { name: 'Gate', atMs: 1 } }), 'revoked');
  assert.equal(open({ code: undefined, identity: undefined, removed: undefined }), 'stranger');
  const kept = { fingerprint: '1', isApproved: true };
  assert.equal(open({ code: undefined, identity: kept, removed: undefined }), 'ready');
  assert.equal(open({ code: undefined, identity: { ...kept, isApproved: false }, removed: undefined }), 'waiting');
});

test('Whatever lies in the storage of the browser, memory reads something sensible of it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const memory = createMemory({ getItem: () => text, setItem: () => undefined, removeItem: () => undefined });
      assert.ok(['environment', 'user'].includes(memory.choices().facing));
      assert.equal(typeof memory.clockOffsetMs(), 'number');
      void memory.device();
      void memory.removed();
    }),
  );
  const forbidden = (): never => {
    throw new DOMException('no', 'SecurityError');
  };
  const memory = createMemory({ getItem: forbidden, setItem: forbidden, removeItem: forbidden });
  assert.equal(memory.choose({ sound: false }).sound, false);
  memory.forgetDevice();
});
