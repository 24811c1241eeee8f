// A vault in a folder of its own, and a disk that fails where a test says, for the tests beside it.
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { CodedError } from '@sallyport/platform/errors';
import { openKeyVault } from './key-vault.ts';
import type { KeyVault } from './key-vault.ts';
import type { KeyProvider, ProviderKind } from './key-provider.ts';
import type { KeyVaultNeeds, VaultFiles } from './needs.ts';
import { createSealedFileProvider } from './sealed-file-provider.ts';
import type { Unsealing } from './unsealing.ts';
import { systemVaultFiles } from './vault-files.ts';

export type Place = { readonly root: string; readonly directories: [string, string]; readonly keyFile: string };

export function place(context: TestContext): Place {
  const root = mkdtempSync(join(tmpdir(), 'vault-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  return placeAt(root);
}

export function placeAt(root: string): Place {
  return { root, directories: [join(root, 'a'), join(root, 'b')], keyFile: join(root, 'elsewhere', 'unseal.key') };
}

type Options = {
  readonly unsealing?: Unsealing;
  readonly files?: VaultFiles;
  readonly random?: (bytes: number) => Buffer;
  readonly machine?: string;
  readonly broken?: (error: unknown) => void;
  /** Beside the sealed file. */
  readonly others?: readonly (readonly [ProviderKind, KeyProvider])[];
  readonly firstProviders?: readonly ProviderKind[];
};

export function vaultNeeds(at: Place, options: Options = {}): KeyVaultNeeds {
  const { files = systemVaultFiles, random = randomBytes } = options;
  const unsealing = options.unsealing ?? { kind: 'file', path: at.keyFile };
  const sealed = createSealedFileProvider({ directories: at.directories, unsealing, random, files });
  return {
    directories: at.directories,
    providers: new Map<ProviderKind, KeyProvider>([['sealed-file', sealed], ...(options.others ?? [])]),
    firstProviders: options.firstProviders ?? ['sealed-file'],
    versionOne: sealed.versionOne,
    machine: options.machine,
    clock: createManualClock(0),
    random,
    files,
    pause: async () => new Promise((resolve) => void setImmediate(resolve)),
    broken: options.broken ?? (() => undefined),
    signal: new AbortController().signal,
  };
}

export async function openAt(at: Place, options?: Options): Promise<KeyVault> {
  return openKeyVault(vaultNeeds(at, options));
}

/** What happens at one step of one write. `KILLED` ends everything: no later step of this process happens. */
export const diskFaults = ['KILLED', 'EIO', 'ENOSPC'] as const;
export type DiskFault = (typeof diskFaults)[number];

const planted = (code: DiskFault): CodedError => new CodedError(code, `planted ${code}`);

export type MemoryDisk = Map<string, Buffer>;

/**
 * A disk in memory, counting every step that changes it or makes a change last. At step `failAt` the given fault happens, a
 * write there being torn. What a process reads after it was ended is what the disk held at that step.
 */
export function failingFiles(
  disk: MemoryDisk,
  failAt = Infinity,
  fault: DiskFault = 'EIO',
): VaultFiles & { isHit(): boolean } {
  let step = 0;
  let dead = false;
  const next = (torn?: () => void): void => {
    if (dead) throw planted('KILLED');
    step += 1;
    if (step !== failAt) return;
    torn?.();
    dead = fault === 'KILLED';
    throw planted(fault);
  };
  return {
    isHit: () => step >= failAt,
    read: (path) => disk.get(path),
    list: (directory) =>
      [...disk.keys()].flatMap((path) => (dirname(path) === directory ? [path.slice(directory.length + 1)] : [])),
    makeDirectory: () => next(),
    write(path, bytes) {
      const temporary = `${path}.new`;
      // Opened, written, synced, renamed, its directory synced.
      next();
      next(() => disk.set(temporary, Buffer.from(bytes.subarray(0, Math.floor(bytes.length / 2)))));
      disk.set(temporary, Buffer.from(bytes));
      next();
      next();
      disk.set(path, Buffer.from(bytes));
      disk.delete(temporary);
      // The new content can be seen already; whether it survives is not known.
      next();
    },
    erase(path) {
      const bytes = disk.get(path);
      if (bytes === undefined) return;
      next(() => disk.set(path, Buffer.concat([Buffer.alloc(10), bytes.subarray(10)])));
      disk.delete(path);
      next();
    },
  };
}

/** A vault as version 1 wrote it, with these keys; version 1 made the key file and both copies. */
export function writeVersionOne(
  at: Place,
  files: VaultFiles,
  keys: readonly { readonly id: string; readonly purpose: string; readonly label: string; readonly bytes: Buffer }[],
): void {
  for (const directory of [...at.directories, dirname(at.keyFile)]) files.makeDirectory(directory);
  const secret = Buffer.from(`${randomBytes(32).toString('base64')}\n`);
  files.write(at.keyFile, secret);
  const [salt, master] = [randomBytes(16), randomBytes(32)];
  const sealedFormat = 'sallyport-sealed-master-key@v1';
  const unseal = Buffer.from(hkdfSync('sha256', secret, salt, sealedFormat, 32));
  const format = 'sallyport-key-vault@v1';
  const records = keys.map(({ bytes, ...named }) => ({
    ...named,
    createdAtMs: 1000,
    wrapped: wrapAsVersionOne(master, bytes, `${format}\n${named.id}\n${named.purpose}\n${named.label}`),
  }));
  const list = wrapAsVersionOne(master, Buffer.from(JSON.stringify({ generation: keys.length, records })), format);
  for (const directory of at.directories) {
    const sealed = wrapAsVersionOne(unseal, master, sealedFormat);
    const sealedText = `${sealedFormat}\nfile\n${salt.toString('base64')}\n${sealed}\n`;
    files.write(join(directory, 'master-key.sealed'), Buffer.from(sealedText));
    files.write(join(directory, 'keys.vault'), Buffer.from(`${format}\n${list}\n`));
  }
}

function wrapAsVersionOne(key: Buffer, plain: Buffer, context: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}
