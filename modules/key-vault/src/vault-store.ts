import { KeyVaultError } from './errors.ts';
import { isDamage, openEpochKey } from './epoch-keys.ts';
import type { ProviderKind } from './key-provider.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { healCopies, readCopies, vaultFileName } from './vault-copies.ts';
import { openList, parseVaultFile } from './vault-format.ts';
import type { VaultFile, VaultHeader, VaultList } from './vault-format.ts';
import { createWrapper } from './wrapper.ts';

type LoadNeeds = Pick<KeyVaultNeeds, 'directories' | 'files' | 'providers' | 'signal' | 'random'>;

/** A vault as it was found and opened. */
export type OpenVault = {
  readonly header: VaultHeader;
  readonly list: VaultList;
  readonly epochKey: Buffer;
  /** Which provider opened it. */
  readonly provider: ProviderKind;
  readonly bytes: Buffer;
};

export type FoundVault =
  | { readonly kind: 'none' }
  /** The first epoch was being made: nothing is sealed yet. */
  | { readonly kind: 'creating'; readonly header: VaultHeader }
  | ({ readonly kind: 'open' } & OpenVault);

type Candidate = { readonly file: VaultFile; readonly bytes: Buffer };

/**
 * The newest copy that opens; the other is healed from it. A copy that claims to be newer and does not open is kept aside.
 * Throws `vault_damaged` when files exist and none opens, or when two that both open contradict each other, and whatever a
 * provider says that is away or refuses: an older copy is never taken because the newer could not be asked.
 */
export async function findVault(needs: LoadNeeds): Promise<FoundVault> {
  const present = readCopies(needs, vaultFileName).filter((bytes) => bytes !== undefined);
  if (present.length === 0) return { kind: 'none' };
  const candidates = present
    .flatMap((bytes): Candidate[] => {
      const file = parseVaultFile(bytes);
      return file === undefined ? [] : [{ file, bytes }];
    })
    .toSorted((a, b) => b.file.header.generation - a.file.header.generation);
  const failures: unknown[] = [];
  let newest: OpenVault | undefined;
  for (const { file, bytes } of candidates) {
    if (newest !== undefined && (file.header.generation < newest.header.generation || bytes.equals(newest.bytes)))
      break;
    if (file.sealed === undefined) {
      if (newest === undefined && failures.length === 0) {
        heal(needs, bytes, file.header.generation);
        return { kind: 'creating', header: file.header };
      }
      continue;
    }
    const opened = await tryOpen(needs, { file, bytes }, failures);
    if (opened === undefined) continue;
    if (newest !== undefined) throw damaged('its two copies contradict each other', failures);
    newest = opened;
  }
  if (newest === undefined) throw damaged('no copy is intact under its master key', failures);
  heal(needs, newest.bytes, newest.header.generation);
  return { kind: 'open', ...newest };
}

/** Opens bytes as if nothing were known of them yet. */
export async function openVaultBytes(
  needs: Pick<LoadNeeds, 'providers' | 'signal' | 'random'>,
  bytes: Buffer,
): Promise<OpenVault> {
  const file = parseVaultFile(bytes);
  if (file === undefined) throw damaged('it is not well-formed', []);
  return openFile(needs, { file, bytes });
}

async function openFile(
  needs: Pick<LoadNeeds, 'providers' | 'signal' | 'random'>,
  { file, bytes }: Candidate,
): Promise<OpenVault> {
  const { key, provider } = await openEpochKey(needs, file.header);
  const list = openList(file, createWrapper(key, needs.random));
  if (list === undefined) throw damaged('its list is not well-formed', []);
  return { header: file.header, list, epochKey: key, provider, bytes };
}

async function tryOpen(needs: LoadNeeds, candidate: Candidate, failures: unknown[]): Promise<OpenVault | undefined> {
  try {
    return await openFile(needs, candidate);
  } catch (error) {
    if (!isDamage(error)) throw error;
    failures.push(error);
    return undefined;
  }
}

function heal(needs: LoadNeeds, bytes: Buffer, generation: number): void {
  healCopies(
    needs,
    vaultFileName,
    bytes,
    (other) => (parseVaultFile(other)?.header.generation ?? Infinity) >= generation,
  );
}

/** What the only failure says is more use than that there was one: a passphrase that does not fit is no damage. */
function damaged(why: string, failures: readonly unknown[]): KeyVaultError {
  const [cause] = failures;
  const isUnsealing = cause instanceof KeyVaultError && cause.hint !== undefined;
  if (isUnsealing) return cause;
  return new KeyVaultError('vault_damaged', `Cannot open the key vault: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: `restore ${vaultFileName} from a backup, or put back the master key it was written with`,
  });
}
