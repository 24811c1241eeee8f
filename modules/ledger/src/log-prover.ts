import { parseSignedCheckpoint, proveInclusion, rootOfTree } from '@sallyport/merkle-log';
import type { BlockReader } from './block-reader.ts';
import { LedgerError } from './errors.ts';
import { formatEvidence } from './evidence.ts';
import { leafBytes } from './leaf.ts';
import type { LogPublisher } from './log-publisher.ts';
import type { TreeFiles } from './tree-files.ts';

/** A checkpoint as witnesses have signed it too, and the keys (vkeys) of those signatures in their order. */
export type CosignedCheckpoint = {
  readonly checkpoint: string;
  readonly witnessKeys: readonly string[];
  /** RFC 3161 tokens about its text, DER in base64. */
  readonly timeStamps?: readonly string[];
};

/**
 * Against `cosigned`, a checkpoint of this log with the signatures of witnesses, when it covers the entry and is about this
 * very tree; else against the newest one. Throws `unsigned` when that does not cover the entry.
 */
export type Prove = (index: number, cosigned?: CosignedCheckpoint) => string;

/** Makes evidence of single entries. */
export function createProver(needs: {
  readonly number: number;
  readonly origin: string;
  readonly verifierKey: string;
  readonly openAt: BlockReader['openAt'];
  readonly tree: Pick<TreeFiles, 'size' | 'hashAt'>;
  readonly publisher: Pick<LogPublisher, 'publish' | 'publishedSize' | 'unsigned'>;
}): Prove {
  const { number, origin, verifierKey, openAt, tree, publisher } = needs;

  /** A checkpoint kept elsewhere, when it covers the entry and says of this tree what it is. */
  const ownCheckpoint = (text: string, at: number): { text: string; treeSize: number } | undefined => {
    const { checkpoint } = parseSignedCheckpoint(text);
    const { treeSize, root } = checkpoint;
    const covers = checkpoint.origin === origin && at < treeSize && treeSize <= tree.size();
    return covers && Buffer.from(root).equals(rootOfTree({ treeSize, hashAt: tree.hashAt }))
      ? { text, treeSize }
      : undefined;
  };

  return (at, cosigned) => {
    const { block, opened } = openAt(at);
    const order = at - block.first;
    const event = opened.events?.at(order);
    if (order >= block.eventCount)
      throw new LedgerError('not_found', `Cannot prove ${number}/${at}: it is a block's own entry, not an event`);
    if (event === undefined) throw new LedgerError('erased', `Cannot prove ${number}/${at}: its content was erased`);
    const known = cosigned === undefined ? undefined : ownCheckpoint(cosigned.checkpoint, at);
    const checkpoint = known?.text ?? publisher.publish();
    const treeSize = known?.treeSize ?? publisher.publishedSize();
    if (at >= treeSize) throw publisher.unsigned(`Cannot prove ${number}/${at}`);
    const proof = proveInclusion({ index: at, treeSize, hashAt: tree.hashAt });
    const leaf = opened.header.leaves.subarray(order * leafBytes, (order + 1) * leafBytes);
    return formatEvidence({
      verifierKey,
      leaf,
      salt: event.salt,
      body: event.body,
      index: at,
      proof,
      checkpoint,
      ...(known === undefined || cosigned === undefined
        ? {}
        : {
            witnessKeys: cosigned.witnessKeys,
            timeStamps: (cosigned.timeStamps ?? []).map((token) => Buffer.from(token, 'base64')),
          }),
    });
  };
}
