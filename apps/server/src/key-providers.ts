import { readFileSync } from 'node:fs';
import { createRemoteProvider, parseKeyProvidersConfig } from '@sallyport/key-vault';
import type { KeyProvider, ProviderKind } from '@sallyport/key-vault';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import { startChild } from './child-process.ts';

/** The providers of master keys an administrator configured beside the sealed file, and which wrap a new epoch's key. */
export type ConfiguredProviders = {
  readonly providers: ReadonlyMap<ProviderKind, KeyProvider>;
  readonly first: readonly ProviderKind[];
};

/** A network HSM may take its time, somebody's clumsy one half a minute. */
const callTimeoutMs = 60_000;
const idleMs = 10_000;

/**
 * Reads the file of `--key-provider`; each provider in it runs in a process of its own when it is asked something.
 * Throws `config_invalid`, `provider_refused`.
 */
export function openConfiguredProviders(file: string | undefined): ConfiguredProviders {
  if (file === undefined) return { providers: new Map(), first: ['sealed-file'] };
  const text = ((): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new CodedError('config_invalid', `Cannot read the key providers: ${messageOf(error)}`, {
        hint: 'give --key-provider a file the server may read',
      });
    }
  })();
  const { first, ...configured } = parseKeyProvidersConfig(text);
  const kinds = (['pkcs11', 'tpm', 'transit', 'aws-kms'] as const).filter((kind) => configured[kind] !== undefined);
  const entry = new URL('./key-provider.ts', import.meta.url);
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' };
  const providers = new Map<ProviderKind, KeyProvider>();
  for (const kind of kinds) {
    const start = () => startChild({ entry, flags: [file, kind], environment, maxFrameBytes: 1024 * 1024 }).peer;
    providers.set(kind, createRemoteProvider({ start, callTimeoutMs, idleMs }));
  }
  return { providers, first };
}
