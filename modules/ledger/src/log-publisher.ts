import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
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
  /** As `Log.publishBeside`. */
  publishBeside(): Promise<string>;
  /** What is being published beside does not come any more. */
  stop(): void;
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
  let stopped = false;
  // Neither the name that `publish` writes under, which may be called before this is done, nor one of whoever held the log before: a write of
  // theirs that is still in the system must not land in what was renamed since.
  const temporary = join(needs.directory, `${besidePrefix}${randomUUID()}`);
  let isSwept = false;
  /** Under way. */
  let beside: Promise<void> | undefined;
  let publishedSize = published === undefined ? -1 : parseSignedCheckpoint(published).checkpoint.treeSize;

  const unsigned = (what: string): LedgerError =>
    new LedgerError('unsigned', `${what}: no signed checkpoint covers it, and the log is ${signing}`, {
      hint:
        signing === 'held'
          ? 'the log is signed again once its witnesses have answered; see GET /v1/ledger/witnesses'
          : 'another log follows it; the first entry of that one commits to this entry too',
    });

  const closed = (): LedgerError => new LedgerError('unavailable', `Cannot sign for log ${number}: it is closed`);
  const file = join(needs.directory, 'checkpoint');
  // A checkpoint can wait for room on the disk. After any other failure, nobody knows which one is on it.
  const failed = (error: unknown): never => {
    if (!isDiskFull(error)) needs.fatal(error);
    throw error;
  };

  function publish(): string {
    if (published !== undefined && (publishedSize === tree.size() || signing !== 'open')) return published;
    if (stopped) throw closed();
    if (signing !== 'open') throw unsigned(`Cannot sign for log ${number}`);
    const note = signer.sign(tree.size(), tree.root());
    try {
      tree.writeAll();
      writeFileDurably(file, Buffer.from(note));
    } catch (error) {
      failed(error);
    }
    published = note;
    publishedSize = tree.size();
    return note;
  }

  /** What was under way when this log was held last, and will never be renamed. */
  async function sweep(): Promise<void> {
    for (const name of await readdir(needs.directory))
      if (name.startsWith(besidePrefix)) await rm(join(needs.directory, name), { force: true });
    isSwept = true;
  }

  async function writeBeside(): Promise<void> {
    const size = tree.size();
    const note = signer.sign(size, tree.root());
    try {
      tree.writeAll();
      if (!isSwept) await sweep();
      await writeSynced(temporary, note);
      // Needed at once meanwhile, not to be signed any more, or the folder of somebody else now. Looked at in one piece with the rename: an
      // older checkpoint never comes in place of a newer one.
      if (stopped || signing !== 'open' || publishedSize >= size) return;
      renameSync(temporary, file);
      await syncFolder(needs.directory);
    } catch (error) {
      if (!stopped) failed(error);
      return;
    }
    if (publishedSize >= size) return;
    published = note;
    publishedSize = size;
  }

  return {
    signing: () => signing,
    setSigning(state) {
      if (signing !== 'frozen') signing = state;
    },
    published: () => published,
    publishedSize: () => publishedSize,
    publish,
    async publishBeside() {
      const size = tree.size();
      while (beside !== undefined) await beside;
      if (stopped) throw closed();
      if (published !== undefined && publishedSize >= size) return published;
      if (signing !== 'open') return publish();
      const { promise, resolve } = Promise.withResolvers<void>();
      beside = promise;
      try {
        await writeBeside();
      } finally {
        beside = undefined;
        resolve();
      }
      // Overtaken by a newer one, or by what makes that nothing may be signed: `publish` knows what is to be told then.
      return published !== undefined && publishedSize >= size ? published : publish();
    },
    stop() {
      stopped = true;
    },
    unsigned,
  };
}

const besidePrefix = 'checkpoint.beside-';

async function writeSynced(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(text);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
