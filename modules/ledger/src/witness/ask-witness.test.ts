import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import {
  computeRoot,
  createEd25519Signer,
  formatCheckpoint,
  formatVerifierKey,
  hashLeaf,
  proveConsistency,
  signNote,
} from '@sallyport/merkle-log';
import fc from 'fast-check';
import { askWitness, timeToleranceMs } from './ask-witness.ts';
import type { Question, WitnessSays } from './ask-witness.ts';
import { answer, createFakeWitness } from './witness.fixture.ts';
import type { FakeWitness } from './witness.fixture.ts';

const origin = 'log.example/1';
const signer = createEd25519Signer({ name: origin, privateKey: generateKeyPairSync('ed25519').privateKey });
const logKey = formatVerifierKey(signer.verifierKey);
const nowMs = Date.UTC(2026, 10, 22, 12);
const sizeType = 'text/x.tlog.size';

function leaves(size: number, last = 'entry'): Uint8Array[] {
  return Array.from({ length: size }, (_, at) =>
    hashLeaf(Buffer.from(at === size - 1 ? `${last} ${at}` : `entry ${at}`)),
  );
}
function checkpointOf(entries: readonly Uint8Array[]): string {
  return signNote({
    text: formatCheckpoint({ origin, treeSize: entries.length, root: computeRoot(entries) }),
    signers: [signer],
  });
}

type Asked = Partial<Pick<Question, 'oldSize' | 'cosignedSize' | 'signal'>> & {
  readonly entries?: readonly Uint8Array[];
};

function ask(witness: FakeWitness, { entries = leaves(20), ...more }: Asked = {}): Promise<WitnessSays> {
  const hashAt = (level: number, index: number): Uint8Array =>
    computeRoot(entries.slice(index * 2 ** level, (index + 1) * 2 ** level));
  return askWitness(
    { call: witness.call, nowMs: () => nowMs },
    {
      witness: { url: witness.url, verifierKey: witness.verifierKey, authorityPem: undefined },
      checkpoint: checkpointOf(entries),
      logKey,
      oldSize: entries.length,
      cosignedSize: 0,
      consistency: async (oldSize, newSize) => proveConsistency({ oldSize, newSize, hashAt }),
      signal: new AbortController().signal,
      ...more,
    },
  );
}

function newWitness(): FakeWitness {
  const witness = createFakeWitness('witness.example', () => nowMs);
  witness.trust(logKey);
  return witness;
}

async function seen(entries: readonly Uint8Array[]): Promise<FakeWitness> {
  const witness = newWitness();
  assert.equal((await ask(witness, { entries })).kind, 'cosigned');
  return witness;
}

test('a witness cosigns what continues, whatever size it was taken to have seen', async () => {
  const witness = await seen(leaves(7).slice(0, 6));
  for (const oldSize of [0, 6, 20]) {
    const back = witness.save();
    assert.equal((await ask(witness, { oldSize })).kind, 'cosigned', `old ${oldSize}`);
    back();
  }
  assert.equal((await ask(witness)).kind, 'cosigned');
  assert.equal((await ask(witness)).kind, 'cosigned', 'the same once more');
});

test('a witness that has seen more says so, and shows it under the key of the log', async () => {
  const witness = await seen(leaves(30));
  const says = await ask(witness);
  assert.ok(says.kind === 'ahead' && says.size === 30 && says.held?.startsWith(`${origin}\n30\n`));
  witness.isShowing = false;
  assert.deepEqual(await ask(witness), { kind: 'ahead', size: 30, held: undefined });
});

test('another history is told, at the same size and below it', async () => {
  const same = await seen(leaves(20, 'other'));
  assert.equal((await ask(same)).kind, 'conflict');
  const below = await seen(leaves(10, 'other'));
  const says = await ask(below);
  assert.ok(says.kind === 'conflict' && says.held?.startsWith(`${origin}\n10\n`));
});

test('a witness that names less than it had cosigned was put back itself', async () => {
  const witness = await seen(leaves(5, 'entry'));
  const says = await ask(witness, { cosignedSize: 12, oldSize: 12 });
  assert.deepEqual([says.kind, says.fellBackTo], ['cosigned', 5]);
});

test('every other answer has one meaning, and only a good signature is good news', async () => {
  const size = 20;
  for (const [status, body, type, expected] of [
    [403, '', '', 'none unknown_key'],
    [404, '', '', 'none unknown_log'],
    [400, '', '', 'none wrong_answer'],
    [429, '', '', 'none busy'],
    [503, '', '', 'none busy'],
    [500, '', '', 'none wrong_answer'],
    [301, '', '', 'none wrong_answer'],
    [204, '', '', 'none wrong_answer'],
    [422, '', '', 'conflict '],
    [409, `${size + 1}\n`, sizeType, 'ahead '],
    [409, `${size}\n`, sizeType, 'conflict '],
    [409, '', 'text/plain', 'conflict '],
    [409, `${size + 1}\n`, 'text/plain', 'conflict '],
    [409, `0${size + 1}\n`, sizeType, 'conflict '],
    [409, '99999999999999999999\n', sizeType, 'conflict '],
    [200, '', '', 'none wrong_answer'],
    [200, '<html>Sign in to the network</html>\n', 'text/html', 'none wrong_answer'],
  ] as const) {
    const witness = newWitness();
    witness.isShowing = false;
    witness.lie = (sent) => (sent === undefined ? answer(404, '') : answer(status, body, type));
    const says = await ask(witness);
    assert.equal(`${says.kind} ${says.kind === 'none' ? says.why : ''}`, expected, `${status} ${body.trim()} ${type}`);
  }
  const below = newWitness();
  below.lie = () => answer(409, 'no size', 'text/plain');
  assert.deepEqual(await ask(below, { oldSize: 5 }), {
    kind: 'none',
    why: 'wrong_answer',
    message: 'It answered 409 without a size',
  });
  below.lie = () => answer(409, '5\n', sizeType);
  const contradicting = await ask(below, { oldSize: 5 });
  assert.equal(contradicting.kind === 'none' && contradicting.why, 'wrong_answer');
  below.lie = () => answer(422, '');
  const first = await ask(below, { oldSize: 0 });
  assert.equal(first.kind === 'none' && first.why, 'wrong_answer');
});

test('a witness that names another size each time is not asked for ever', async () => {
  const witness = newWitness();
  let size = 3;
  witness.lie = () => answer(409, `${(size += 1)}\n`, sizeType);
  const says = await ask(witness);
  assert.deepEqual([says.kind === 'none' && says.why, witness.requests.length], ['busy', 3]);
});

test('a cosignature of another key, over another text, or of another time is not believed', async () => {
  const honest = newWitness();
  const stranger = createFakeWitness('witness.example', () => nowMs);
  stranger.trust(logKey);
  const lines = async (witness: FakeWitness, entries: readonly Uint8Array[]): Promise<string> => {
    let kept = '';
    const call: FakeWitness['call'] = async (asked) => {
      const given = await witness.call(asked);
      kept = given.body.toString();
      return given;
    };
    await ask({ ...witness, call }, { entries });
    return kept;
  };
  const foreign = await lines(stranger, leaves(20));
  const otherText = await lines(await seen(leaves(3)), leaves(20));
  for (const [what, body] of [
    ['another key', foreign],
    ['another witness', otherText],
  ] as const) {
    honest.lie = () => answer(200, body);
    const says = await ask(honest);
    assert.equal(says.kind === 'none' && says.why, 'wrong_answer', what);
  }
  honest.lie = undefined;
  const before = await lines(honest, leaves(19));
  honest.lie = () => answer(200, before);
  const replayed = await ask(honest);
  assert.equal(replayed.kind === 'none' && replayed.why, 'wrong_answer', 'over another checkpoint');
  honest.lie = undefined;
  for (const [offsetMs, kind] of [
    [timeToleranceMs + 2000, 'none'],
    [-timeToleranceMs - 2000, 'none'],
    [3600_000 * 24 * 365 * 5, 'none'],
    [timeToleranceMs - 2000, 'cosigned'],
  ] as const) {
    honest.clockOffsetMs = offsetMs;
    const says = await ask(honest);
    assert.equal(says.kind, kind, `${offsetMs}`);
    if (says.kind === 'none') assert.equal(says.why, 'wrong_time');
  }
});

test('what it shows counts only under the key of the log', async () => {
  const witness = await seen(leaves(30));
  const other = createEd25519Signer({ name: origin, privateKey: generateKeyPairSync('ed25519').privateKey });
  const text = formatCheckpoint({ origin, treeSize: 31, root: Buffer.alloc(32) });
  const forged = signNote({ text, signers: [other] });
  witness.lie = (body) => (body === undefined ? answer(200, forged) : undefined);
  assert.deepEqual(await ask(witness), { kind: 'ahead', size: 30, held: undefined });
});

test('no answer ends with the signal', async () => {
  const witness = newWitness();
  witness.lie = () => new Promise(() => undefined);
  const controller = new AbortController();
  const asked = ask(witness, { signal: controller.signal });
  controller.abort();
  const says = await asked;
  assert.equal(says.kind === 'none' && says.why, 'unreachable');
});

test('no bytes a witness can answer are taken for a cosignature or make us fail', async () => {
  const body = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('20\n', '19\n', '21\n', '— a AAAAAAA=\n'));
  const status = fc.constantFrom(200, 409, 422, 404, 0);
  const witness = newWitness();
  await fc.assert(
    fc.asyncProperty(status, body, fc.constantFrom(sizeType, 'text/plain', ''), async (code, text, type) => {
      witness.lie = () => answer(code, text, type);
      assert.notEqual((await ask(witness)).kind, 'cosigned');
    }),
    { numRuns: 80 },
  );
});
