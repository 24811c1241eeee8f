import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { makePrivateDirectory, syncDirectory } from '@sallyport/platform/files';
import { RulePackError } from './errors.ts';
import { packLimits } from './pack-manifest.ts';

/** A file that came and has no name yet. */
export type ReceivedFile = { readonly path: string; readonly sha256: string; readonly bytes: number };

export type PackDirectory = {
  /** Throws `RulePackError` `pack_invalid` for one that is too large; what came of it is gone then. */
  receive(body: Readable, signal: AbortSignal): Promise<ReceivedFile>;
  /** Gives it the name of its hash; it survives power loss when this resolves. */
  keep(file: ReceivedFile): Promise<void>;
  discard(file: ReceivedFile): Promise<void>;
  pathOf(sha256: string): string;
  /** Removes every file that is not one of these. */
  removeOthers(sha256s: ReadonlySet<string>): Promise<void>;
};

/** The files of packs, each named by its SHA-256. */
export function createPackDirectory(needs: {
  readonly path: string;
  readonly random: (length: number) => Uint8Array;
}): PackDirectory {
  makePrivateDirectory(needs.path);
  const pathOf = (sha256: string): string => join(needs.path, `${sha256}.pack`);
  const underWay = new Set<string>();

  return {
    async receive(body, signal) {
      const name = `${Buffer.from(needs.random(12)).toString('hex')}.part`;
      const path = join(needs.path, name);
      const hash = createHash('sha256');
      let bytes = 0;
      const counting = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.byteLength;
          hash.update(chunk);
          done(bytes > packLimits.packBytes ? tooLarge() : null, chunk);
        },
      });
      underWay.add(name);
      try {
        await pipeline(body, counting, createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true }), { signal });
        return { path, sha256: hash.digest('hex'), bytes };
      } catch (error) {
        await rm(path, { force: true });
        underWay.delete(name);
        throw error;
      }
    },
    async keep(file) {
      const handle = await open(file.path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(file.path, pathOf(file.sha256));
      underWay.delete(basename(file.path));
      syncDirectory(needs.path);
    },
    async discard(file) {
      await rm(file.path, { force: true });
      underWay.delete(basename(file.path));
    },
    pathOf,
    async removeOthers(sha256s) {
      for (const name of await readdir(needs.path)) {
        const [sha256 = ''] = name.split('.');
        if ((name.endsWith('.pack') && sha256s.has(sha256)) || underWay.has(name)) continue;
        await rm(join(needs.path, name), { force: true, recursive: true });
      }
    },
  };
}

function tooLarge(): RulePackError {
  return new RulePackError(
    'pack_invalid',
    `Cannot take the rule pack: it has more than ${packLimits.packBytes} bytes`,
    { hint: 'build several packs of it, each with a name of its own' },
  );
}
