// What a witness does with a request, apart from the network. Everything between judging and storing happens in one turn of
// the event loop, so that no two requests are judged by the same state.
import {
  MerkleLogError,
  TREE_SIZE_MEDIA_TYPE,
  formatCosignatures,
  formatTreeSize,
  judgeAddCheckpoint,
  parseAddCheckpoint,
} from '@sallyport/merkle-log';
import type { AddCheckpointJudgement, AddCheckpointRequest, Cosigner } from '@sallyport/merkle-log';
import { errorFields } from '@sallyport/platform/log';
import type { WitnessNeeds } from './needs.ts';
import { keepEvidence } from './state/evidence.ts';
import type { Identity } from './state/identity.ts';
import type { KnownLog } from './state/known-logs.ts';
import { cosignedNote, hashOrigin } from './state/newest-checkpoint.ts';
import type { NewestCheckpoint } from './state/newest-checkpoint.ts';
import { readKnownLogs, readNewest, stampOfLogs, writeNewest } from './state/state-directory.ts';

const plainText = 'text/plain; charset=utf-8';
/** How far the clock may be behind the newest cosignature before it is taken for wrong. */
const clockToleranceSeconds = 60;
/** No origin of a log that can be added is longer. */
const maxToldCharacters = 255;

export type Answer = { readonly status: number; readonly mediaType: string; readonly body: string };

export type WitnessedLogStatus = {
  readonly origin: string;
  readonly succeeds: string | undefined;
  readonly newest: NewestCheckpoint | undefined;
};

export type Witness = {
  readonly identity: Identity;
  /** `address` is for the operator's log. Never throws: what goes wrong here is told there and answered with 503. */
  addCheckpoint(body: Uint8Array, address: string): Answer;
  /** Logs that are watched, in the order they were added. Throws `state_damaged`. */
  logs(): readonly WitnessedLogStatus[];
  /** The newest cosigned checkpoint of a log, removed ones too, by the SHA-256 of its origin. Throws `state_damaged`. */
  checkpointOf(originHash: string): string | undefined;
  /** Origins of the logs that were added as its successors; undefined for a log that is not known. Throws `state_damaged`. */
  successorsOf(originHash: string): readonly string[] | undefined;
  /** How many requests were answered with each status since the start. */
  counts(): ReadonlyMap<number, number>;
};

/** Reads the whole state first. Throws `state_damaged`: a witness that does not know what it cosigned cosigns nothing. */
export function createWitness(
  needs: WitnessNeeds & {
    readonly directory: string;
    readonly identity: Identity;
    /** Cosign although the clock is behind the newest cosignature: the operator says the clock is right now. */
    readonly acceptsClock?: boolean;
  },
): Witness {
  const { directory, files, identity, log } = needs;
  const ownKeys = identity.cosigners.map(({ verifierKey }) => verifierKey);
  const newest = new Map<string, NewestCheckpoint | undefined>();
  const counts = new Map<number, number>();
  let known: { readonly stamp: string; readonly logs: readonly KnownLog[] } | undefined;

  /** As the list says now: it is changed while this runs. */
  const knownLogs = (): readonly KnownLog[] => {
    const stamp = stampOfLogs(directory, files);
    if (known?.stamp !== stamp || stamp === '') known = { stamp, logs: readKnownLogs(directory, files) };
    return known.logs;
  };
  const newestOf = (watched: KnownLog): NewestCheckpoint | undefined => {
    if (!newest.has(watched.origin)) newest.set(watched.origin, readNewest(directory, files, watched, ownKeys));
    return newest.get(watched.origin);
  };
  const byHash = (originHash: string): KnownLog | undefined =>
    knownLogs().find(({ origin }) => hashOrigin(origin) === originHash);

  /** Durable before it returns. When it throws, what is on disk may be old or new: it is read again before it is used. */
  const remember = (watched: KnownLog, checkpoint: NewestCheckpoint): void => {
    newest.delete(watched.origin);
    writeNewest(directory, files, watched.origin, checkpoint.note);
    newest.set(watched.origin, checkpoint);
  };

  const cosign = (
    watched: KnownLog,
    request: AddCheckpointRequest,
    judged: Extract<AddCheckpointJudgement, { kind: 'cosign' | 'adopt' }>,
    timestampSeconds: number,
  ): string => {
    const { text, checkpoint } = judged;
    const signatures = identity.cosigners.map((cosigner: Cosigner) => cosigner.cosign({ text, timestampSeconds }));
    const note = cosignedNote(request.checkpoint, watched, signatures);
    remember(watched, { treeSize: checkpoint.treeSize, root: checkpoint.root, note, timestampSeconds });
    return formatCosignatures(signatures);
  };

  const judge = (watched: KnownLog | undefined, request: AddCheckpointRequest): AddCheckpointJudgement =>
    judgeAddCheckpoint({
      known: watched === undefined ? undefined : { ...watched, newest: newestOf(watched) },
      request,
      ownKeys,
    });

  /** The answer does not depend on whether there is room for evidence. */
  const tryToKeep = (found: Parameters<typeof keepEvidence>[1]): string | undefined => {
    try {
      return keepEvidence(directory, found);
    } catch (error) {
      log.error('Cannot keep the evidence', { origin: found.origin, ...errorFields(error) });
      return undefined;
    }
  };

  const tellRefusal = (
    watched: KnownLog | undefined,
    request: AddCheckpointRequest & { claimed: { origin: string; treeSize: number } },
    refused: Extract<AddCheckpointJudgement, { kind: 'refuse' }>,
    address: string,
  ): void => {
    const { status, reason, misbehaviour } = refused;
    const { origin, treeSize } = request.claimed;
    const cosigned = watched === undefined ? undefined : newestOf(watched);
    const fields = {
      address,
      // Of a log nobody added it is as long as whoever sends it likes.
      origin: origin.slice(0, maxToldCharacters),
      status,
      reason,
      size: treeSize,
      cosigned_size: cosigned?.treeSize ?? 0,
    };
    if (misbehaviour === undefined || watched === undefined) {
      log.info('Refused a checkpoint', fields);
      return;
    }
    const evidence = tryToKeep({ origin, misbehaviour, cosigned: cosigned?.note, submitted: request.checkpoint });
    log.warn('Refused a checkpoint the log has signed', {
      ...fields,
      misbehaviour,
      ...(evidence === undefined ? {} : { evidence }),
    });
  };

  const take = (body: Uint8Array, address: string): Answer => {
    const request = parseAddCheckpoint(body);
    const watched = knownLogs().find(({ origin, isRemoved }) => origin === request.claimed.origin && !isRemoved);
    let judged = judge(watched, request);
    if (watched === undefined) {
      if (judged.kind === 'refuse') tellRefusal(watched, request, judged, address);
      return plain(404, 'The log is not known here');
    }
    const before = newestOf(watched)?.timestampSeconds ?? 0;
    const nowSeconds = Math.floor(needs.clock.nowMs() / 1000);
    if (judged.kind !== 'refuse' && needs.acceptsClock !== true && nowSeconds < before - clockToleranceSeconds) {
      const fields = { origin: watched.origin, cosigned: isoTime(before), clock: isoTime(nowSeconds) };
      log.error('The clock is behind the newest cosignature', fields);
      return plain(503, 'The clock of this witness went back');
    }
    // Never below the time of an earlier statement: both together would be false.
    const timestampSeconds = needs.acceptsClock === true ? nowSeconds : Math.max(nowSeconds, before);
    if (judged.kind === 'adopt') {
      const fields = {
        origin: watched.origin,
        size: judged.checkpoint.treeSize,
        known_size: newestOf(watched)?.treeSize ?? 0,
      };
      log.error('The state of this witness was put back: it has cosigned a newer checkpoint than it knows', fields);
      cosign(watched, request, judged, timestampSeconds);
      judged = judge(watched, request);
    }
    if (judged.kind === 'cosign') {
      const body200 = cosign(watched, request, judged, timestampSeconds);
      log.debug('Cosigned a checkpoint', { origin: watched.origin, size: judged.checkpoint.treeSize, address });
      return { status: 200, mediaType: plainText, body: body200 };
    }
    if (judged.kind === 'adopt') return plain(503, 'The state of this witness is in doubt');
    tellRefusal(watched, request, judged, address);
    return judged.treeSize !== undefined
      ? { status: 409, mediaType: TREE_SIZE_MEDIA_TYPE, body: formatTreeSize(judged.treeSize) }
      : plain(judged.status, judged.reason);
  };

  const addCheckpoint = (body: Uint8Array, address: string): Answer => {
    try {
      return take(body, address);
    } catch (error) {
      if (error instanceof MerkleLogError) {
        log.info('Refused a request', { address, status: 400, reason: error.message });
        return plain(400, error.message);
      }
      log.error('Cannot answer: nothing was cosigned', { address, ...errorFields(error) });
      return plain(503, 'This witness cannot store what it would cosign');
    }
  };

  for (const watched of knownLogs()) newestOf(watched);
  return {
    identity,
    addCheckpoint(body, address) {
      const answer = addCheckpoint(body, address);
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
      return answer;
    },
    logs: () =>
      knownLogs()
        .filter(({ isRemoved }) => !isRemoved)
        .map((watched) => ({ origin: watched.origin, succeeds: watched.succeeds, newest: newestOf(watched) })),
    checkpointOf(originHash) {
      const watched = byHash(originHash);
      return watched === undefined ? undefined : newestOf(watched)?.note;
    },
    successorsOf(originHash) {
      const watched = byHash(originHash);
      if (watched === undefined) return undefined;
      return knownLogs()
        .filter(({ succeeds }) => succeeds === watched.origin)
        .map(({ origin }) => origin);
    },
    counts: () => counts,
  };
}

function plain(status: number, line: string): Answer {
  return { status, mediaType: plainText, body: `${line}\n` };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
