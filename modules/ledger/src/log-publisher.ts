import { join } from 'node:path';
import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import { readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { isDiskFull } from './disk-errors.ts';
import { LedgerError } from './errors.ts';
import type { LogSigner } from './log-signer.ts';
import type { TreeFiles } from './tree-files.ts';

/**
 * `open`: signs. `held`: takes entries and signs nothing, until those outside were asked whether this is still the newest of its
 * history. `frozen`: closed by a restore or another history; takes nothing and never signs again.
 */
export type Signing = 'open' | 'held' | 'frozen';

/** The only place where a log is signed. */
export type LogPublisher = {
  signing(): Signing;
  /** A frozen log stays so. */
  setSigning(state: Signing): void;
  published(): string | undefined;
  /** -1 before the first. */
  publishedSize(): number;
  /** As `Log.publish`. */
  publish(): string;
  unsigned(what: string): LedgerError;
};

export function readPublished(directory: string): string | undefined {
  return readFileIfPresent(join(directory, 'checkpoint'))?.toString('utf8');
}

export function createLogPublisher(needs: {
  readonly directory: string;
  readonly number: number;
  readonly signer: LogSigner;
  readonly tree: Pick<TreeFiles, 'size' | 'root' | 'writeAll'>;
  /** As found on disk, and verified. */
  readonly published: string | undefined;
  readonly signing: Signing;
  readonly fatal: (error: unknown) => never;
}): LogPublisher {
  const { tree, signer, number } = needs;
  let { published, signing } = needs;
  let publishedSize = published === undefined ? -1 : parseSignedCheckpoint(published).checkpoint.treeSize;

  const unsigned = (what: string): LedgerError =>
    new LedgerError('unsigned', `${what}: no signed checkpoint covers it, and the log is ${signing}`, {
      hint:
        signing === 'held'
          ? 'the log is signed again once its witnesses have answered; see GET /v1/ledger/witnesses'
          : 'another log follows it; the first entry of that one commits to this entry too',
    });

  return {
    signing: () => signing,
    setSigning(state) {
      if (signing !== 'frozen') signing = state;
    },
    published: () => published,
    publishedSize: () => publishedSize,
    publish() {
      if (published !== undefined && (publishedSize === tree.size() || signing !== 'open')) return published;
      if (signing !== 'open') throw unsigned(`Cannot sign for log ${number}`);
      const note = signer.sign(tree.size(), tree.root());
      try {
        tree.writeAll();
        writeFileDurably(join(needs.directory, 'checkpoint'), Buffer.from(note));
      } catch (error) {
        // A checkpoint can wait for room on the disk. After any other failure, nobody knows which one is on it.
        if (!isDiskFull(error)) needs.fatal(error);
        throw error;
      }
      published = note;
      publishedSize = tree.size();
      return note;
    },
    unsigned,
  };
}
