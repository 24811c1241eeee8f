import { join } from 'node:path';
import { KeyVaultError } from './errors.ts';
import { contextBytes, masterKeyNamePattern } from './key-provider.ts';
import type { KeyProvider, Presence, ProviderFacts, WrapContext } from './key-provider.ts';
import type { VaultFiles } from './needs.ts';
import { openMaster, sealMaster } from './sealed-file.ts';
import type { Unsealing } from './unsealing.ts';
import { createWrapper, unwrapVersionOne } from './wrapper.ts';
import type { Wrapper } from './wrapper.ts';

export type SealedFileNeeds = {
  readonly directories: readonly [string, string];
  readonly unsealing: Unsealing;
  readonly random: (bytes: number) => Buffer;
  readonly files: VaultFiles;
};

/** The provider, and what opens a vault of version 1, which was wrapped under one such file. */
export type SealedFileProvider = KeyProvider & {
  readonly versionOne: { unwrap(wrapped: Uint8Array, context: string): Promise<Buffer>; forget(): void };
};

const notPromised = [
  'The master key was a file: whoever kept a copy of it, with the key file or passphrase, still opens older copies of the vault',
  'Backups and snapshots of this disk may hold such copies',
  'A file system or a flash drive may keep what was overwritten',
];
const versionOneFile = 'master-key.sealed';
const fileOf = (name: string): string => `${name}.sealed`;
/** What is left of a destroyed master key, so that its name is never given again. */
const stoneOf = (name: string): string => `${name}.destroyed`;

/**
 * Master keys in files, each wrapped under a passphrase (argon2id) or a random key file, in both directories. Whoever holds
 * the data directory but neither passphrase nor key file learns nothing; root on the running host can read keys from
 * memory. Its destruction is deleting files: it cannot promise anything about copies, and says so.
 */
export function createSealedFileProvider(needs: SealedFileNeeds): SealedFileProvider {
  const { files, directories } = needs;
  for (const directory of directories) files.makeDirectory(directory);
  const opened = new Map<string, Wrapper>();
  let former: ReturnType<typeof openMaster> | undefined;

  const paths = (file: string): string[] => directories.map((directory) => join(directory, file));
  const present = (file: string): (Buffer | undefined)[] => paths(file).map((path) => files.read(path));
  const isDestroyed = (name: string): boolean => present(stoneOf(name)).some((bytes) => bytes !== undefined);
  const writeBoth = (file: string, bytes: Buffer, found: readonly (Buffer | undefined)[]): void => {
    for (const [at, path] of paths(file).entries()) if (found[at]?.equals(bytes) !== true) files.write(path, bytes);
  };
  /** The master key of a name, its other copy healed; undefined when there is no file of it. */
  const find = async (name: string): Promise<Wrapper | undefined> => {
    if (isDestroyed(name)) throw absent(name);
    const known = opened.get(name);
    if (known !== undefined) return known;
    const found = present(fileOf(name));
    const master = await openMaster(needs, found, name);
    if (master === undefined) {
      if (found.every((bytes) => bytes === undefined)) return undefined;
      throw refused(`Cannot read the sealed master key "${name}": no copy is intact`, fileOf(name));
    }
    writeBoth(fileOf(name), master.bytes, found);
    const wrapper = createWrapper(master.master, needs.random);
    opened.set(name, wrapper);
    return wrapper;
  };
  const mustFind = async (name: string): Promise<Wrapper> => {
    const wrapper = await find(name);
    if (wrapper !== undefined) return wrapper;
    throw refused(`Cannot find the sealed master key "${name}" in "${directories.join('" or "')}"`, fileOf(name));
  };
  const presence = async (name: string): Promise<Presence> => {
    if (isDestroyed(name)) return { kind: 'absent', shownBy: `${stoneOf(name)} stands where the key was` };
    try {
      return (await find(name)) === undefined
        ? { kind: 'unknown', why: 'there is no such file here' }
        : { kind: 'usable' };
    } catch (error) {
      return { kind: 'unknown', why: error instanceof KeyVaultError ? error.message : 'the file cannot be read' };
    }
  };
  const isAnythingSealed = (): boolean =>
    directories.some((directory) => files.list(directory).some((file) => file.endsWith('.sealed')));
  const context = (given: WrapContext): string => contextBytes(given).toString('utf8');

  return {
    facts: async () => facts,
    async create(name) {
      if (!masterKeyNamePattern.test(name))
        throw new KeyVaultError(
          'label_invalid',
          `Cannot make master key "${name}": must match ${masterKeyNamePattern.source}`,
        );
      if ((await find(name)) === undefined) {
        const master = needs.random(32);
        const bytes = await sealMaster(needs, { name, master, mayMakeKeyFile: !isAnythingSealed() });
        // Another call for this name may have written it meanwhile; it then stays.
        if (present(fileOf(name)).every((there) => there === undefined)) writeBoth(fileOf(name), bytes, []);
        await mustFind(name);
      }
      return { name, reference: fileOf(name) };
    },
    async list(vault) {
      const names = new Set(
        directories.flatMap((directory) =>
          files.list(directory).flatMap((file) => {
            const name = file.replace(/\.(sealed|destroyed)$/, '');
            return name !== file && name.startsWith(`sallyport-${vault}-`) ? [name] : [];
          }),
        ),
      );
      return Promise.all(
        [...names].toSorted().map(async (name) => ({ name, reference: fileOf(name), presence: await presence(name) })),
      );
    },
    find: presence,
    async wrap({ name }, plain, given) {
      return (await mustFind(name)).wrap(plain, context(given));
    },
    async unwrap({ name }, wrapped, given) {
      return (await mustFind(name)).unwrap(wrapped, context(given));
    },
    async destroy(name, permit) {
      if (permit.name !== name)
        throw new KeyVaultError('destruction_refused', `Cannot destroy "${name}": the permit is for "${permit.name}"`);
      opened.delete(name);
      // The stone first: a crash in between leaves a key nobody can use any more and the next call removes.
      for (const path of paths(stoneOf(name))) files.write(path, Buffer.from('destroyed\n'));
      for (const path of paths(fileOf(name))) files.erase(path);
      return {
        name,
        presence: await presence(name),
        done: [`overwrote and removed ${fileOf(name)} in ${directories.length} directories`],
        notPromised,
        providerTimeMs: undefined,
      };
    },
    async close() {
      opened.clear();
    },
    versionOne: {
      async unwrap(wrapped, given) {
        // Once for all its keys: a passphrase is slow on purpose.
        former ??= openMaster(needs, present(versionOneFile), '');
        const master = await former;
        if (master === undefined)
          throw new KeyVaultError('vault_damaged', 'Cannot read the sealed master key: no copy is intact', {
            hint: `restore ${versionOneFile} from a backup`,
          });
        return unwrapVersionOne(master.master, wrapped, given);
      },
      forget() {
        for (const path of paths(versionOneFile)) files.erase(path);
      },
    },
  };
}

const facts: ProviderFacts = {
  kind: 'sealed-file',
  // A data directory may be moved: the file's name, which holds the vault's id, is what tells it apart.
  identity: 'files beside the vault',
  algorithm: 'AES-256-GCM, one key a wrapping; sealed with argon2id or HKDF-SHA-256',
  exportable: true,
  usableByAClone: true,
  destruction: 'not-provable',
  notPromised,
  maxMasters: 1000,
};

function absent(name: string): KeyVaultError {
  return new KeyVaultError('master_absent', `Cannot use master key "${name}": it was destroyed`);
}

function refused(message: string, file: string): KeyVaultError {
  return new KeyVaultError('provider_refused', message, { hint: `restore ${file} from a backup` });
}
