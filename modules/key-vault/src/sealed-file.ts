import { KeyVaultError } from './errors.ts';
import { sealedBy, sealingKey, unsealingFailed } from './unsealing.ts';
import type { SealedBy, Unsealing } from './unsealing.ts';
import type { VaultFiles } from './needs.ts';
import { createWrapper, unwrapVersionOne } from './wrapper.ts';

const format = 'sallyport-sealed-master-key@v2';
const formatOne = 'sallyport-sealed-master-key@v1';

type SealedFile = { readonly version: 1 | 2; readonly kind: SealedBy; readonly salt: Buffer; readonly wrapped: Buffer };
type SealingNeeds = {
  readonly unsealing: Unsealing;
  readonly files: VaultFiles;
  readonly random: (bytes: number) => Buffer;
};

/** A master key sealed under what the operator holds. `mayMakeKeyFile`: nothing was ever sealed with it yet. */
export async function sealMaster(
  needs: SealingNeeds,
  input: { readonly name: string; readonly master: Buffer; readonly mayMakeKeyFile: boolean },
): Promise<Buffer> {
  const salt = needs.random(16);
  const key = await sealingKey(needs, { salt, info: format, mayMakeKeyFile: input.mayMakeKeyFile });
  const wrapped = createWrapper(key, needs.random).wrap(input.master, `${format}\n${input.name}`);
  return Buffer.from(
    `${format}\n${sealedBy(needs.unsealing)}\n${salt.toString('base64')}\n${wrapped.toString('base64')}\n`,
  );
}

/**
 * The master key from the first copy that opens, and that copy: a damaged one may still look well-formed. Undefined when
 * none is well-formed. Throws `provider_refused` when passphrase or key file do not fit.
 */
export async function openMaster(
  needs: SealingNeeds,
  copies: readonly (Buffer | undefined)[],
  name: string,
): Promise<{ readonly master: Buffer; readonly bytes: Buffer } | undefined> {
  let failure: KeyVaultError | undefined;
  for (const bytes of copies) {
    const file = bytes === undefined ? undefined : parse(bytes);
    if (bytes === undefined || file === undefined) continue;
    try {
      return { master: await unseal(needs, file, name), bytes };
    } catch (error) {
      failure = error instanceof KeyVaultError ? error : unsealingFailed(needs.unsealing, error);
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

async function unseal(needs: SealingNeeds, file: SealedFile, name: string): Promise<Buffer> {
  const { unsealing } = needs;
  if (file.kind !== sealedBy(unsealing)) {
    throw new KeyVaultError(
      'provider_refused',
      `Cannot open the master key: it is sealed with a ${file.kind}, not a ${sealedBy(unsealing)}`,
      { hint: file.kind === 'passphrase' ? 'set SALLYPORT_PASSPHRASE_FILE' : 'unset SALLYPORT_PASSPHRASE_FILE' },
    );
  }
  const info = file.version === 1 ? formatOne : format;
  const key = await sealingKey(needs, { salt: file.salt, info, mayMakeKeyFile: false });
  try {
    return file.version === 1
      ? unwrapVersionOne(key, file.wrapped, formatOne)
      : createWrapper(key, needs.random).unwrap(file.wrapped, `${format}\n${name}`);
  } catch (cause) {
    throw unsealingFailed(unsealing, cause);
  }
}

function parse(bytes: Buffer): SealedFile | undefined {
  const [head, kind, salt, wrapped, ...rest] = bytes.toString('utf8').split('\n');
  if ((head !== format && head !== formatOne) || (kind !== 'passphrase' && kind !== 'file')) return undefined;
  if (salt === undefined || wrapped === undefined || rest.length !== 1) return undefined;
  return {
    version: head === format ? 2 : 1,
    kind,
    salt: Buffer.from(salt, 'base64'),
    wrapped: Buffer.from(wrapped, 'base64'),
  };
}
