import type { JsonValue, Position } from '@sallyport/contracts';
import { ocsfClass } from '@sallyport/contracts';
import type { Checkpoint } from '@sallyport/merkle-log';
import { LedgerError } from './errors.ts';
import { verifyEvidence } from './evidence.ts';
import { decodeLeaf } from './leaf.ts';
import type { LogEntry } from './log-entry.ts';
import type { LogSet } from './log-set.ts';
import { custodyClass } from './retention-class.ts';

/** What the process that holds the keys records of itself. The server cannot append to this stream, nor in this name. */
export type OwnRecords = {
  /** Durable when it resolves. The same sequence again gives the position it has, in whatever log. */
  append(entry: { readonly sequence: number; readonly body: Uint8Array }): Promise<Position>;
  /** What stands under a sequence; `body` undefined when the key it was sealed with is gone. */
  find(sequence: number): (Position & { readonly body: Uint8Array | undefined }) | undefined;
  /** Which of our logs was exactly so once. */
  logOf(checkpoint: Checkpoint): number | undefined;
  /** The event of an evidence file, when one of our logs holds that we recorded it so; else undefined. */
  eventOf(evidence: string): JsonValue | undefined;
};

const prefix = 'keys/';
const stream = `${prefix}destruction`;

/** Throws `entry_invalid` for a name only the keeper of the keys may use. */
export function refuseReserved(names: readonly string[]): void {
  const taken = names.find((name) => name.startsWith(prefix));
  if (taken !== undefined)
    throw new LedgerError('entry_invalid', `Cannot append to "${taken}": it is for the keeper of the keys alone`);
}

export function createOwnRecords(needs: {
  readonly logs: () => LogSet;
  readonly nameId: (kind: 'stream' | 'collector', name: string) => Buffer;
  readonly add: (entries: readonly LogEntry[], bytes: number) => Promise<number[]>;
}): OwnRecords {
  const named = (sequence: number): Pick<LogEntry, 'stream' | 'streamId' | 'sequence'> => ({
    stream,
    streamId: needs.nameId('stream', stream),
    sequence,
  });
  const find = (sequence: number): Position | undefined => {
    const logs = needs.logs();
    const closed = logs.findInClosed(named(sequence));
    if (closed !== undefined) return closed;
    const index = logs.current.find(named(sequence));
    return index === undefined ? undefined : { log: logs.current.number, index };
  };
  return {
    async append({ sequence, body }) {
      const known = find(sequence);
      if (known !== undefined) return known;
      const entry: LogEntry = {
        ...named(sequence),
        collectorId: needs.nameId('collector', stream),
        retention: custodyClass,
        classUid: ocsfClass.entityManagement,
        body: Buffer.from(body),
      };
      const [index] = await needs.add([entry], body.length);
      const { number } = needs.logs().current;
      if (index === undefined) throw new LedgerError('unavailable', 'Cannot record: the ledger gave no position');
      return { log: number, index };
    },
    find(sequence) {
      const position = find(sequence);
      if (position === undefined) return undefined;
      const log = needs.logs().get(position.log);
      const limits = { maxEvents: 1, maxBytes: 1, until: position.index + 1 };
      const [event] = log?.read(position.index, limits).events ?? [];
      return { ...position, body: event?.index === position.index ? event.body : undefined };
    },
    logOf({ origin, treeSize, root }) {
      const log = needs.logs().all.find((one) => one.origin === origin);
      if (log === undefined || treeSize < 1 || treeSize > log.size()) return undefined;
      return Buffer.from(log.rootAt(treeSize)).equals(Buffer.from(root)) ? log.number : undefined;
    },
    eventOf(evidence) {
      const ownKeys = needs.logs().all.map(({ verifierKey }) => verifierKey);
      for (const verifierKey of ownKeys) {
        const verified = verifyEvidence(evidence, { verifierKey });
        if (!verified.ok) continue;
        const leafLine = evidence.split('\n').find((line) => line.startsWith('leaf ')) ?? '';
        const leaf = decodeLeaf(Buffer.from(leafLine.slice('leaf '.length), 'base64'));
        const isOurs = leaf.kind === 'event' && Buffer.from(leaf.collectorId).equals(needs.nameId('collector', stream));
        return isOurs ? verified.event : undefined;
      }
      return undefined;
    },
  };
}
