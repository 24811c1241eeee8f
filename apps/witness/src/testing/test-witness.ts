// A witness with a state of its own on the real disk, a clock that is handed in and keys that are always the same.
import { formatNote, parseCosignatures, parseNote, parseVerifierKey, verifyNote } from '@sallyport/merkle-log';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateFiles } from '../needs.ts';
import { withLog } from '../state/known-logs.ts';
import {
  openIdentity,
  createState,
  readIdentity,
  readKnownLogs,
  stateFiles,
  writeKnownLogs,
} from '../state/state-directory.ts';
import { createWitness } from '../witness.ts';
import type { Answer, Witness } from '../witness.ts';

const testName = 'witness.example/w1';
export const testNowMs = Date.parse('2026-11-22T10:00:00Z');

export type TestState = {
  readonly directory: string;
  readonly clock: ReturnType<typeof createManualClock>;
  /** Lines of the operator's log. */
  readonly lines: string[];
  /** Both verifier keys. */
  readonly vkeys: readonly string[];
  watch(vkey: string, origin?: string, succeeds?: string): void;
  /** Opens the state as a start does. */
  open(files?: Partial<StateFiles>, options?: { acceptsClock?: boolean }): Witness;
};

export function createTestState(cleanUp: { after(callback: () => void): void }, seed = 1): TestState {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-witness-'));
  cleanUp.after(() => rmSync(directory, { recursive: true, force: true }));
  const { verifierKeys: vkeys } = createState(directory, {
    name: testName,
    unsealing: { kind: 'none' },
    random: (bytes) => Buffer.alloc(bytes, seed),
  });
  const clock = createManualClock(testNowMs);
  const lines: string[] = [];
  return {
    directory,
    clock,
    lines,
    vkeys,
    watch(vkey, origin, succeeds) {
      const verifierKey = parseVerifierKey(vkey);
      const added = { verifierKey, origin: origin ?? verifierKey.name, succeeds };
      const ownKeys = readIdentity(directory, stateFiles).verifierKeys.map(parseVerifierKey);
      writeKnownLogs(directory, stateFiles, withLog(readKnownLogs(directory, stateFiles), added, ownKeys));
    },
    open(files = {}, options = {}) {
      const log = createLog({ clock, write: (line) => lines.push(line), level: 'debug' });
      const identity = openIdentity(directory, stateFiles, { kind: 'none' });
      return createWitness({ clock, log, files: { ...stateFiles, ...files }, directory, identity, ...options });
    },
  };
}

/** The times of both cosignatures in the answer, which must hold for the checkpoint. */
export function cosignedAt(
  answer: Pick<Answer, 'status' | 'body'>,
  checkpoint: string,
  vkeys: readonly string[],
): number {
  assert.equal(answer.status, 200, answer.body);
  const { text, signatures } = parseNote(checkpoint);
  const note = formatNote({ text, signatures: [...signatures, ...parseCosignatures(answer.body)] });
  const verified = verifyNote({ note, verifierKeys: vkeys.map(parseVerifierKey) });
  assert(verified.ok, verified.ok ? '' : verified.reason);
  assert.deepEqual(
    verified.signatures.map(({ kind }) => kind),
    ['cosignature/v1', 'subtree/v1'],
  );
  const [first, second] = verified.signatures.map(({ timestampSeconds }) => timestampSeconds);
  assert(first !== undefined && first === second);
  return first;
}
