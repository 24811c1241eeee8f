import { parseVerifierKey } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { ArchiveError } from '../errors.ts';
import { logFileName } from '../names.ts';
import { openArchiveDirectory } from './archive-directory.ts';
import type { ArchiveDirectory } from './archive-directory.ts';
import { chainSpans } from './span-chain.ts';
import type { ChainedSpan } from './span-chain.ts';
import { verifyLog } from './verify-log.ts';
import type { LogVerification } from './verify-log.ts';

export type VerifiedArchive = {
  readonly archive: ArchiveDirectory;
  readonly logs: readonly (LogVerification & { readonly chain: readonly ChainedSpan[] })[];
  /** Copies of the wrapped keys, the newest of each vault last. */
  readonly vaults: readonly { readonly vault: string; readonly generation: number; readonly name: string }[];
  readonly records: number;
};

const mostKeyBytes = 64 * 1024;

/**
 * Walks a copy of an archive without a server and without any secret. A log whose key is among `keys` is proven against it;
 * of another one it is only shown that the archive agrees with itself. Throws `archive_invalid` with the first file that is wrong.
 */
export async function verifyArchive(
  directory: string,
  options: {
    readonly keys: readonly VerifierKey[];
    readonly signal: AbortSignal;
    readonly onProgress?: (share: number, label: string) => void;
  },
): Promise<VerifiedArchive> {
  const archive = await openArchiveDirectory(directory);
  const chains = [...new Set(archive.spans.map(({ log }) => log))]
    .toSorted((a, b) => a - b)
    .map((log) => ({ log, chain: chainSpans(log, archive.spans) }));
  const total = chains.flatMap(({ chain }) => chain).reduce((sum, { bytes }) => sum + bytes, 0);
  const logs: VerifiedArchive['logs'][number][] = [];
  let before = 0;
  for (const { log, chain } of chains) {
    const own = await ownKey(archive, log);
    const given = options.keys.find(({ name }) => name === own.name);
    if (given !== undefined && !Buffer.from(given.publicKey).equals(own.publicKey))
      throw new ArchiveError(
        'archive_invalid',
        `Cannot verify log ${log}: its key in the archive is another than the one given`,
      );
    const at = before;
    const verified = await verifyLog(archive, {
      log,
      chain,
      key: given ?? own,
      isKeyGiven: given !== undefined,
      signal: options.signal,
      onBytes: (bytes) => options.onProgress?.((at + bytes) / Math.max(1, total), `log ${log}`),
    });
    before += verified.bytes;
    logs.push({ ...verified, chain });
  }
  return {
    archive,
    logs,
    vaults: vaultsIn(archive.names),
    records: archive.names.filter((name) => !name.startsWith('ledger/') && !name.startsWith('vault/')).length,
  };
}

async function ownKey(archive: ArchiveDirectory, log: number): Promise<VerifierKey> {
  const name = logFileName(log, 'vkey');
  if (!archive.names.includes(name))
    throw new ArchiveError('archive_invalid', `Cannot verify log ${log}: "${name}" is not in the archive`);
  try {
    return parseVerifierKey((await archive.read(name, mostKeyBytes)).toString('utf8').trim());
  } catch (error) {
    throw new ArchiveError('archive_invalid', `Cannot verify log ${log}: "${name}" is no key: ${messageOf(error)}`);
  }
}

function vaultsIn(names: readonly string[]): VerifiedArchive['vaults'] {
  return names
    .flatMap((name) => {
      const parts = /^vault\/([0-9a-f]{32})\/(\d{12})\.vault$/.exec(name);
      return parts === null ? [] : [{ vault: parts[1] ?? '', generation: Number(parts[2]), name }];
    })
    .toSorted((a, b) => a.generation - b.generation);
}
