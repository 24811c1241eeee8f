import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateDirectory, syncDirectory, writeFileDurably, writeFully } from '@sallyport/platform/files';
import { blockStartBytes, readBlockStart } from '@sallyport/ledger/blocks';
import { ArchiveError } from '../errors.ts';
import { instanceName, logFileName } from '../names.ts';
import type { ArchiveDirectory } from './archive-directory.ts';
import type { VerifiedArchive } from './verify-archive.ts';

export type RestoredLog = { readonly log: number; readonly entries: number; readonly leftOut: number };
export type RestoredArchive = {
  readonly logs: readonly RestoredLog[];
  readonly vault: { readonly name: string; readonly generation: number } | undefined;
};

const mostVaultBytes = 64 * 1024 * 1024;
const pieceBytes = 4 * 1024 * 1024;

/**
 * Brings a verified archive back to a data directory that has neither ledger nor vault. Of each log comes back what a checkpoint
 * under its key covers; with `beyond`, what follows it too. The wrapped keys come back as they were last archived: opening them
 * takes the master key of their epoch, which no archive holds. The server is then started with `--after-restore`.
 */
export async function restoreArchive(
  verified: VerifiedArchive,
  options: {
    readonly dataDirectory: string;
    readonly beyond: boolean;
    readonly signal: AbortSignal;
    /** Which archived copies of the wrapped keys can be opened; the newest of those is taken. All of them unless given. */
    readonly opensVault?: (bytes: Uint8Array) => boolean;
  },
): Promise<RestoredArchive> {
  const { archive } = verified;
  const { dataDirectory } = options;
  const ledger = join(dataDirectory, 'ledger');
  const vaults = [join(dataDirectory, 'vault'), join(dataDirectory, 'vault-copy')];
  for (const directory of [ledger, ...vaults]) requireEmpty(directory);
  const pruned = verified.logs.find(({ firstIndex }) => firstIndex > 0);
  if (pruned !== undefined)
    throw refused(`log ${pruned.log} begins at entry ${pruned.firstIndex} in the archive, and a ledger begins at 0`);
  const vaultIds = new Set(verified.vaults.map(({ vault }) => vault));
  if (vaultIds.size > 1)
    throw refused(
      `it has the wrapped keys of ${vaultIds.size} vaults: ${[...vaultIds].slice(0, 10).join(', ')}`,
      'move the folders of the others out of vault/; without the master key nothing tells which is yours',
    );
  makePrivateDirectory(ledger);
  await copySmall(archive, instanceName, join(ledger, 'instance'));
  const logs: RestoredLog[] = [];
  for (const log of verified.logs) {
    const directory = join(ledger, 'logs', String(log.log));
    makePrivateDirectory(join(directory, 'blocks'));
    const end = options.beyond ? log.entries : (log.proven?.size ?? 0);
    const isLast = log === verified.logs.at(-1);
    if (end === 0 && isLast)
      throw refused(
        `no checkpoint covers anything of log ${log.log}`,
        'with --beyond what nothing proves is brought back as well',
      );
    for (const file of ['origin', 'vkey'] as const)
      if (archive.names.includes(logFileName(log.log, file)))
        await copySmall(archive, logFileName(log.log, file), join(directory, file));
    for (const span of log.chain) {
      options.signal.throwIfAborted();
      if (span.first < end) await appendSpan(archive, { span, end, directory: join(directory, 'blocks') });
    }
    // Signed by the log itself, over what came back: without it nothing of this log could be proven any more.
    if (log.proven !== undefined)
      writeFileDurably(join(directory, 'checkpoint'), Buffer.from(ownSignature(log.proven.note, log.origin)));
    logs.push({ log: log.log, entries: end, leftOut: log.entries - end });
  }
  const found = await newestVault(verified, options.opensVault ?? (() => true));
  const newest = found?.vault;
  if (found !== undefined && newest !== undefined) {
    const { bytes } = found;
    for (const directory of vaults) {
      makePrivateDirectory(directory);
      writeFileDurably(join(directory, 'epochs.vault'), bytes);
    }
    await restorePages(archive, newest.vault, vaults);
  }
  return { logs, vault: newest };
}

/** The note as the log published it: witnesses sign beside, and their lines are not the log’s to keep. */
function ownSignature(note: string, origin: string): string {
  const body = note.slice(0, note.indexOf('\n\n') + 2);
  const lines = note.slice(body.length).split('\n');
  return `${body}${lines.filter((line) => line.startsWith(`— ${origin} `)).join('\n')}\n`;
}

async function newestVault(
  { archive, vaults }: VerifiedArchive,
  opens: (bytes: Uint8Array) => boolean,
): Promise<{ readonly vault: VerifiedArchive['vaults'][number]; readonly bytes: Buffer } | undefined> {
  for (const vault of vaults.toReversed()) {
    const bytes = await archive.read(vault.name, mostVaultBytes);
    if (opens(bytes)) return { vault, bytes };
  }
  return undefined;
}

/** Pages of subject keys: of each the one archived last, by the count in its name. */
async function restorePages(archive: ArchiveDirectory, vault: string, directories: readonly string[]): Promise<void> {
  const newest = new Map<string, string>();
  for (const name of archive.names) {
    const page = new RegExp(`^vault/${vault}/pages/([0-9a-f]{32})/\\d{16}-[0-9a-f]{16}$`).exec(name)?.[1];
    if (page !== undefined) newest.set(page, name);
  }
  for (const [page, name] of newest)
    for (const directory of directories) {
      makePrivateDirectory(join(directory, 'subject-pages'));
      writeFileDurably(join(directory, 'subject-pages', `${page}.rows`), await archive.read(name, mostVaultBytes));
    }
}

/** Adds a span to its segment file, up to the block that would go past `end`. */
async function appendSpan(
  archive: ArchiveDirectory,
  { span, end, directory }: { span: VerifiedArchive['logs'][number]['chain'][number]; end: number; directory: string },
): Promise<void> {
  const path = join(directory, `${String(span.segment).padStart(16, '0')}.blocks`);
  const reader = await archive.openReader(span.name);
  const descriptor = openSync(path, 'a', 0o600);
  try {
    const size = span.bytes;
    let until = 0;
    for (let index = span.first; until < size;) {
      const start = readBlockStart(await reader.read(until, blockStartBytes));
      if (start === undefined || index + start.eventCount + 1 > end) break;
      index += start.eventCount + 1;
      until += start.length;
    }
    for (let at = 0; at < until; at += pieceBytes)
      writeFully(descriptor, await reader.read(at, Math.min(pieceBytes, until - at)));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
    await reader.close();
  }
  syncDirectory(directory);
}

async function copySmall(archive: ArchiveDirectory, name: string, path: string): Promise<void> {
  if (!archive.names.includes(name)) throw refused(`"${name}" is not in the archive`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileDurably(path, await archive.read(name, 64 * 1024));
}

function requireEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length > 0)
    throw refused(`"${directory}" is not empty`, 'name a data directory that has no ledger and no vault');
}

function refused(why: string, hint?: string): ArchiveError {
  return new ArchiveError(
    'restore_refused',
    `Cannot bring the archive back: ${why}`,
    hint === undefined ? {} : { hint },
  );
}
