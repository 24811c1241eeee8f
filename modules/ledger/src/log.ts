import { join } from 'node:path';
import { proveConsistency, rootOfTree } from '@sallyport/merkle-log';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { encodeBlock } from './block.ts';
import { createBlockReader } from './block-reader.ts';
import { isDiskFull } from './disk-errors.ts';
import { LedgerError } from './errors.ts';
import { leafBytes } from './leaf.ts';
import type { LogEntry } from './log-entry.ts';
import { openLogIndex } from './log-index.ts';
import type { IndexedBlock } from './indexed-block.ts';
import { recoverLog } from './log-recovery.ts';
import { createLogPublisher, readPublished } from './log-publisher.ts';
import type { Signing } from './log-publisher.ts';
import { createProver } from './log-prover.ts';
import type { Prove } from './log-prover.ts';
import { createLogPruner } from './pruning/log-pruner.ts';
import type { LogPruner } from './pruning/log-pruner.ts';
import { createRangeProver } from './range/range-prover.ts';
import type { RangeProver } from './range/range-prover.ts';
import { openLogSigner } from './log-signer.ts';
import { createClassWriter } from './class-blocks.ts';
import type { WrittenCommit } from './class-blocks.ts';
import { dataKeyLabel } from './retention-class.ts';
import type { SealedKeys } from './sealed-keys.ts';
import { openSegmentFiles } from './segment-files.ts';
import { createSequenceTracker } from './sequence-tracker.ts';
import type { LedgerKeys } from './needs.ts';

/** An event read back; `body` is undefined when its data key was destroyed. */
export type StoredEvent = {
  readonly index: number;
  readonly receivedAtMs: number;
  readonly classUid: number;
  readonly body: Buffer | undefined;
};

/**
 * One log: one origin, one signing key, one tree. Single writer, synchronous.
 * `append` returns once the entries are on disk; what a crash leaves half-written is cut off at the next open,
 * and was never acknowledged.
 */
export type Log = {
  readonly number: number;
  readonly origin: string;
  readonly verifierKey: string;
  size(): number;
  root(): Uint8Array;
  lastReceivedAtMs(): number;
  /** Indexes in the order of the entries; an entry recorded before keeps its old index. */
  append(entries: readonly LogEntry[], receivedAtMs: number): number[];
  /** Events from an index on. Stops after the limits, but gives at least one block. `next` is where to go on. */
  /** The index under which this stream and sequence is recorded. */
  find(entry: Pick<LogEntry, 'stream' | 'streamId' | 'sequence'>): number | undefined;
  read(
    from: number,
    limits: { maxEvents: number; maxBytes: number; until?: number },
  ): { events: StoredEvent[]; next: number };
  countEvents(from: number, to: number): number;
  /** What each data key has sealed here. */
  readonly sealedKeys: SealedKeys['sealedKeys'];
  /** The ranges of indexes a data key has sealed, from an index on. */
  readonly sealedRanges: SealedKeys['sealedRanges'];
  /** Drops what was opened under these keys. */
  forget(dataKeyIds: ReadonlySet<string>): void;
  /** The root the tree had at a smaller size. */
  rootAt(size: number): Uint8Array;
  /** Proof hashes that the tree of `to` entries only grew from that of `from`. Throws `entry_invalid` unless 0 < from ≤ to ≤ size. */
  proveConsistency(from: number, to: number): Uint8Array[];
  signing(): Signing;
  /** A frozen log stays so. */
  setSigning(state: Signing): void;
  /** The newest checkpoint signed so far; signs nothing. */
  published(): string | undefined;
  /** Signs and publishes a checkpoint unless the newest covers everything, or gives the newest while it may not sign. Throws `unsigned` without one. */
  publish(): string;
  /** As `publish`, of what is there now, but waiting for the disk beside appends and proofs: a newer one may come back. Throws `unavailable` once closed. */
  publishBeside(): Promise<string>;
  readonly prove: Prove;
  readonly range: RangeProver;
  readonly pruner: LogPruner;
  /** Background: syncs derived files. */
  settle(): Promise<void>;
  /** Lets go of the files and signs nothing more. */
  release(): void;
  /** Signs what is not covered yet where it may, then `release`. */
  close(): void;
};

export type LogNeeds = {
  readonly signing: Signing;
  readonly directory: string;
  readonly number: number;
  readonly origin: string;
  /** What the vault calls its signing key by. */
  readonly keyLabel: string;
  readonly vault: LedgerKeys;
  readonly random: (bytes: number) => Buffer;
  /** When the next file of blocks is begun. */
  readonly maxSegmentBytes?: number;
  /** Called when the disk can no longer be trusted; must not return. */
  readonly fatal: (error: unknown) => never;
};

/** Opens a log or makes it. Throws `ledger_corrupt` when anything durable is missing or altered. */
export function openLog(needs: LogNeeds): Log {
  const { directory, origin, random } = needs;
  makePrivateDirectory(directory);
  const segments = openSegmentFiles(join(directory, 'blocks'), needs.fatal, needs.maxSegmentBytes);
  const isNew = segments.segments().length === 0;
  const signer = openLogSigner(needs.vault, { origin, keyLabel: needs.keyLabel, isNew });
  const indexFile = join(directory, 'index.db');
  const published = readPublished(directory);
  const { index, tree } = recoverLog({
    directory,
    indexFile,
    segments,
    signer,
    published,
    openIndex: openLogIndex,
    hasKey: (id) => needs.vault.findKey(id) !== undefined || needs.vault.isDestroyed(id),
  });
  const sequences = createSequenceTracker(index);
  let closed = false;
  let lastReceivedAtMs = index.lastBlock()?.receivedAtMs ?? 0;
  if (readFileIfPresent(join(directory, 'vkey')) === undefined) {
    writeFileDurably(join(directory, 'vkey'), Buffer.from(`${signer.verifierKey}\n`));
  }

  let nextIndex = tree.size();
  const writeBlock = (entries: readonly LogEntry[], receivedAtMs: number): { block: IndexedBlock; leaves: Buffer } => {
    const firstIndex = nextIndex;
    const dataKey = needs.vault.ensureKey('block-data', dataKeyLabel(entries[0]?.retention ?? 'events', receivedAtMs));
    const { record, leaves } = encodeBlock({
      receivedAtMs,
      log: needs.number,
      logId: origin,
      firstIndex,
      blockId: random(16),
      dataKey,
      runs: sequences.runsBetween(firstIndex, firstIndex + entries.length),
      events: entries,
      random,
    });
    const place = segments.append(firstIndex, record);
    nextIndex += entries.length + 1;
    const { id: dataKeyId } = dataKey;
    return { block: { ...place, first: firstIndex, eventCount: entries.length, receivedAtMs, dataKeyId }, leaves };
  };

  const writeClasses = createClassWriter({ sequences, nextIndex: () => nextIndex, writeBlock });

  const { openAt, forget } = createBlockReader({ ...needs, index, segments });

  // Tiles can wait for room on the disk, up to the next checkpoint: the entries are safe without them.
  const orDie = (error: unknown): void => {
    if (!isDiskFull(error)) needs.fatal(error);
  };
  const writeTilesSoon = (): void => {
    try {
      tree.writeFullSoon(orDie);
    } catch (error) {
      orDie(error);
    }
  };

  const publisher = createLogPublisher({
    directory,
    number: needs.number,
    signer,
    tree,
    published,
    signing: needs.signing,
    fatal: needs.fatal,
  });

  const release = (): void => {
    closed = true;
    publisher.stop();
    tree.stop();
    index.close();
    segments.close();
  };

  return {
    number: needs.number,
    origin,
    verifierKey: signer.verifierKey,
    size: () => tree.size(),
    root: () => tree.root(),
    lastReceivedAtMs: () => lastReceivedAtMs,
    append(entries, receivedAtMs) {
      if (publisher.signing() === 'frozen')
        throw new LedgerError('ledger_closed', `Cannot append to log ${needs.number}: another log follows it`);
      let commit: WrittenCommit;
      try {
        commit = writeClasses(entries, receivedAtMs);
      } catch (error) {
        // A write that failed (a full disk) left nothing durable: cut it off, and nothing was promised.
        sequences.forget();
        nextIndex = tree.size();
        segments.rollBack();
        throw error;
      }
      const { positions, written } = commit;
      if (written.length === 0) return positions;
      segments.sync();
      try {
        for (const { leaves } of written) tree.append(leaves);
        index.add(
          written.map(({ block }) => block),
          sequences.settle(),
        );
      } catch (error) {
        // The entries are durable but tree or index lacks them: only a rescan brings the three together again.
        needs.fatal(error);
      }
      writeTilesSoon();
      lastReceivedAtMs = receivedAtMs;
      return positions;
    },
    find: ({ stream, streamId, sequence }) => sequences.find(stream, streamId, sequence),
    read(from, limits) {
      const events: StoredEvent[] = [];
      const end = Math.min(limits.until ?? tree.size(), tree.size());
      let next = from;
      let bytes = 0;
      while (next < end && events.length < limits.maxEvents && bytes < limits.maxBytes) {
        const { block, opened } = openAt(next);
        if (events.length > 0 && bytes + opened.header.plainBytes > limits.maxBytes) break;
        const last = Math.min(block.first + block.eventCount, end);
        for (; next < last && events.length < limits.maxEvents; next += 1) {
          const order = next - block.first;
          const body = opened.events?.at(order)?.body;
          bytes += body?.length ?? 0;
          const classUid = opened.header.leaves.readUInt32BE(order * leafBytes + 8);
          events.push({ index: next, receivedAtMs: opened.header.receivedAtMs, classUid, body });
        }
        // The block's own leaf is no event; step over it.
        if (next === block.first + block.eventCount && next < end) next += 1;
      }
      return { events, next };
    },
    countEvents: (from, to) => index.countEvents(from, Math.min(to, tree.size())),
    sealedKeys: index.sealedKeys,
    sealedRanges: index.sealedRanges,
    forget,
    rootAt: (treeSize) => rootOfTree({ treeSize, hashAt: tree.hashAt }),
    proveConsistency(from, to) {
      if (from < 1 || from > to || to > tree.size())
        throw new LedgerError(
          'entry_invalid',
          `Cannot prove growth from ${from} to ${to}: must be within the ${tree.size()} entries of log ${needs.number}`,
        );
      return proveConsistency({ oldSize: from, newSize: to, hashAt: tree.hashAt });
    },
    signing: publisher.signing,
    setSigning: publisher.setSigning,
    published: publisher.published,
    publish: publisher.publish,
    publishBeside: publisher.publishBeside,
    prove: createProver({ ...needs, openAt, tree, publisher, verifierKey: signer.verifierKey }),
    range: createRangeProver({ ...needs, openAt, index, segments, tree, publisher }),
    pruner: createLogPruner({
      ...needs,
      index,
      segments,
      tree,
      publishedSize: publisher.publishedSize,
      isClosed: () => closed,
    }),
    settle() {
      try {
        tree.writeFull();
      } catch (error) {
        orDie(error);
      }
      return tree.settle((state) => {
        // Closed meanwhile: the next open begins at an older state.
        if (!closed) index.saveTreeState(state);
      });
    },
    release,
    close() {
      if (publisher.signing() === 'open') publisher.publish();
      release();
    },
  };
}
