import { CodedError, messageOf } from '@sallyport/platform/errors';
import { KeyVaultError } from '../errors.ts';
import type { DestructionPermit, MasterKeyName, Presence } from '../key-provider.ts';
import { masterKeyNamePattern } from '../key-provider.ts';

/** The errors a provider may answer with. Whatever else goes wrong inside one counts as `provider_unavailable`. */
const providerErrorCodes = [
  'provider_unavailable',
  'provider_refused',
  'provider_changed',
  'master_ambiguous',
  'master_absent',
  'unseal_failed',
  'destruction_refused',
] as const;

/** Something failed that says nothing about the keys: it may work when it is tried again. */
export function unavailable(what: string, cause?: unknown): KeyVaultError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new KeyVaultError('provider_unavailable', `${what}${why}`, cause === undefined ? {} : { cause });
}

export function refused(message: string, hint?: string): KeyVaultError {
  return new KeyVaultError('provider_refused', message, hint === undefined ? {} : { hint });
}

/** The bytes or their context do not authenticate under a key that is there. */
export function unsealFailed(name: MasterKeyName, cause?: unknown): KeyVaultError {
  const message = `Cannot unwrap with master key "${name}": the bytes were changed or wrapped under another key or context`;
  return new KeyVaultError('unseal_failed', message, cause === undefined ? {} : { cause });
}

export function ambiguous(name: MasterKeyName, count: number): KeyVaultError {
  const message = `Cannot use master key "${name}": ${count} keys have this name, must be exactly one`;
  return new KeyVaultError('master_ambiguous', message, { details: { name, count } });
}

/** What a call that needs the key answers when `find` did not say `usable`. */
export function notUsable(name: MasterKeyName, presence: Presence): KeyVaultError {
  switch (presence.kind) {
    case 'usable':
      return unavailable(`Cannot use master key "${name}": it was not there a moment ago`);
    case 'disabled':
      return refused(`Cannot use master key "${name}": ${presence.why}`);
    case 'pending':
      return new KeyVaultError('master_absent', `Cannot use master key "${name}": its destruction is scheduled`);
    case 'absent':
      return new KeyVaultError('master_absent', `Cannot use master key "${name}": it is gone (${presence.shownBy})`);
    case 'unknown':
      return unavailable(`Cannot find master key "${name}": ${presence.why}`);
  }
}

/** As a known provider error, also when a library threw something else. */
export function asProviderError(error: unknown): KeyVaultError {
  if (error instanceof CodedError) {
    const code = providerErrorCodes.find((known) => known === error.code);
    if (code === undefined) return unavailable('The provider of master keys failed', error);
    const { details, hint } = error;
    return new KeyVaultError(code, error.message, { cause: error, details, ...(hint === undefined ? {} : { hint }) });
  }
  return unavailable('The provider of master keys failed', error);
}

/** What `find` answers when it could not look: nothing may be concluded from an error. */
export async function presenceOrUnknown(look: () => Promise<Presence> | Presence): Promise<Presence> {
  try {
    return await look();
  } catch (error) {
    const failure = asProviderError(error);
    if (failure.code === 'master_ambiguous') throw failure;
    return { kind: 'unknown', why: failure.message };
  }
}

/** Throws `destruction_refused` unless the permit is for this key. */
export function requirePermit(name: MasterKeyName, permit: DestructionPermit): void {
  if (permit.name === name && masterKeyNamePattern.test(name)) return;
  throw new KeyVaultError(
    'destruction_refused',
    `Cannot destroy master key "${name}": the permit is for "${permit.name}"`,
  );
}

/** Throws `TypeError`: only the vault makes names. They end up in paths, labels and command lines. */
export function requireName(name: MasterKeyName): void {
  if (!masterKeyNamePattern.test(name)) throw new TypeError(`Not the name of a master key: "${name.slice(0, 100)}"`);
}

export function isNameOf(vault: string, name: string): boolean {
  return masterKeyNamePattern.test(name) && name.startsWith(`sallyport-${vault}-`);
}

/** The id of the vault in a name. */
export function vaultOf(name: MasterKeyName): string {
  return name.split('-')[1] ?? '';
}
