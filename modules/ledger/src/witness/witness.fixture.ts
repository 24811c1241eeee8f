// A witness in this process, which really judges, and lies where a test says so.
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  TREE_SIZE_MEDIA_TYPE,
  createCosigner,
  formatCosignatures,
  formatNote,
  formatTreeSize,
  formatVerifierKey,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  parseNote,
  parseVerifierKey,
} from '@sallyport/merkle-log';
import { LedgerError } from '../errors.ts';
import type { CallWitness, WitnessAnswer } from './call-witness.ts';

export type FakeWitness = {
  readonly url: string;
  readonly verifierKey: string;
  /** Knows a log from now on. */
  trust(logKey: string): void;
  readonly call: CallWitness;
  /** Instead of what it would answer; undefined to judge as it should. */
  lie: ((body: string | undefined) => WitnessAnswer | Promise<WitnessAnswer> | undefined) | undefined;
  /** How far its clock is ahead. */
  clockOffsetMs: number;
  isAway: boolean;
  /** Whether it shows what it has cosigned, as the specification does not ask. */
  isShowing: boolean;
  readonly successors: Map<string, readonly string[]>;
  sizeOf(logKey: string): number;
  /** Its state, to be put back later. */
  save(): () => void;
  readonly requests: string[];
};

type Newest = { readonly treeSize: number; readonly root: Uint8Array; readonly note: string };

export function createFakeWitness(
  name: string,
  nowMs: () => number,
  privateKey = generateKeyPairSync('ed25519').privateKey,
): FakeWitness {
  const cosigner = createCosigner({ name, privateKey });
  const keys = new Map<string, string>();
  let newest = new Map<string, Newest>();
  const url = `https://${name}`;

  function addCheckpoint(body: string): WitnessAnswer {
    const request = parseAddCheckpoint(body);
    const { origin } = request.claimed;
    const logKey = keys.get(origin);
    const judged = judgeAddCheckpoint({
      known:
        logKey === undefined
          ? undefined
          : { origin, verifierKeys: [parseVerifierKey(logKey)], newest: newest.get(origin) },
      request,
    });
    if (judged.kind === 'refuse')
      return judged.treeSize !== undefined
        ? answer(409, formatTreeSize(judged.treeSize), TREE_SIZE_MEDIA_TYPE)
        : answer(judged.status, judged.reason);
    const { text, checkpoint } = judged;
    const timestampSeconds = Math.floor((nowMs() + fake.clockOffsetMs) / 1000);
    const signature = cosigner.cosign({ text, timestampSeconds });
    const note = formatNote({ text, signatures: [...parseNote(request.checkpoint).signatures, signature] });
    newest.set(origin, { treeSize: checkpoint.treeSize, root: checkpoint.root, note });
    return answer(200, formatCosignatures([signature]));
  }

  function show(path: string): WitnessAnswer {
    for (const origin of keys.keys()) {
      const hash = createHash('sha256').update(origin).digest('hex');
      if (path === `/${hash}/successors`)
        return answer(200, (fake.successors.get(origin) ?? []).map((line) => `${line}\n`).join(''));
      const found = newest.get(origin);
      if (path === `/${hash}/checkpoint` && found !== undefined && fake.isShowing) return answer(200, found.note);
    }
    return answer(404, '');
  }

  const fake: FakeWitness = {
    url,
    verifierKey: formatVerifierKey(cosigner.verifierKey),
    trust(logKey) {
      keys.set(parseVerifierKey(logKey).name, logKey);
    },
    async call({ method, url: asked, body, signal }) {
      fake.requests.push(`${method} ${asked}`);
      if (fake.isAway) throw new LedgerError('witness_unreachable', 'The witness is not reached: away');
      const lie = fake.lie === undefined ? undefined : await Promise.race([fake.lie(body), aborted(signal)]);
      if (lie !== undefined) return lie;
      return body === undefined ? show(new URL(asked).pathname) : addCheckpoint(body);
    },
    lie: undefined,
    clockOffsetMs: 0,
    isAway: false,
    isShowing: true,
    successors: new Map(),
    sizeOf: (logKey) => newest.get(parseVerifierKey(logKey).name)?.treeSize ?? 0,
    save() {
      const saved = new Map(newest);
      return () => {
        newest = saved;
      };
    },
    requests: [],
  };
  return fake;
}

/** One way out to several witnesses, by their address. */
export function callAll(witnesses: readonly FakeWitness[]): CallWitness {
  return async (call) => {
    const found = witnesses.find(({ url }) => call.url.startsWith(`${url}/`));
    if (found === undefined) throw new LedgerError('witness_unreachable', 'The witness is not reached: nobody there');
    return found.call(call);
  };
}

export function answer(status: number, body: string, contentType = 'text/plain'): WitnessAnswer {
  return { status, contentType, body: Buffer.from(body) };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = (): void =>
      reject(new LedgerError('witness_unreachable', 'The witness is not reached: no answer in time'));
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true });
  });
}
