import { setTimeout } from 'node:timers/promises';
import type { KeyProvider, ProviderKind } from '../key-provider.ts';

import { refused } from './provider-failure.ts';
import type { KeyProvidersConfig } from './providers-config.ts';
import { readSecretFile } from './secret-file.ts';

/** The provider of one kind as it is configured. For its own process: only what this kind needs is loaded. */
export async function openKeyProvider(needs: {
  readonly config: KeyProvidersConfig;
  readonly kind: ProviderKind;
  readonly random: (bytes: number) => Buffer;
  /** Puts a variable into this process's environment, where a vendor's library looks for it. */
  readonly setEnvironment: (name: string, value: string) => void;
}): Promise<KeyProvider> {
  const { config, kind, random } = needs;
  if (kind === 'pkcs11' && config.pkcs11 !== undefined) {
    const { module, token_serial: serial, pin_file: pinFile, environment = {}, copies = 'possible' } = config.pkcs11;
    for (const [name, value] of Object.entries(environment)) needs.setEnvironment(name, value);
    const { createPkcs11Provider } = await import('./pkcs11/pkcs11-provider.ts');
    return createPkcs11Provider({
      loadLibrary: async () => {
        const { loadCryptoki } = await import('./pkcs11/load-cryptoki.ts');
        return loadCryptoki(module);
      },
      serial,
      readPin: () => readSecretFile(pinFile),
      copies,
    });
  }
  if (kind === 'tpm' && config.tpm !== undefined) {
    const { createTpmProvider } = await import('./tpm/tpm-provider.ts');
    return createTpmProvider({ config: config.tpm, random });
  }
  if (kind === 'transit' && config.transit !== undefined) {
    const { createTransitProvider } = await import('./transit/transit-provider.ts');
    return createTransitProvider({ config: config.transit });
  }
  if (kind === 'aws-kms' && config['aws-kms'] !== undefined) {
    const { createAwsKmsProvider } = await import('./aws-kms/aws-kms-provider.ts');
    const pause = async (milliseconds: number, signal: AbortSignal): Promise<void> =>
      setTimeout(milliseconds, undefined, { signal });
    return createAwsKmsProvider({ config: config['aws-kms'], pause });
  }
  throw refused(`Cannot use the provider "${kind}": it is not configured`);
}
