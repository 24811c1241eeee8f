import type { Duplex } from 'node:stream';
import { providerKinds } from '../key-provider.ts';
import { openKeyProvider } from './open-key-provider.ts';
import { refused } from './provider-failure.ts';
import { parseKeyProvidersConfig } from './providers-config.ts';
import { runKeyProvider } from './run-key-provider.ts';

/**
 * The process of one provider: reads the configuration when it is first asked something, and answers what is wrong with it.
 * Ends with its stream.
 */
export function runProviderProcess(needs: {
  readonly stream: Duplex;
  readonly kind: string | undefined;
  /** The text of the configuration. */
  readonly readConfig: () => string;
  readonly random: (bytes: number) => Buffer;
  /** Puts a variable into this process's environment, where a vendor's library looks for it. */
  readonly setEnvironment: (name: string, value: string) => void;
  readonly exit: () => void;
}): void {
  const { stream, exit, random, setEnvironment } = needs;
  const open = async (): ReturnType<typeof openKeyProvider> => {
    const config = parseKeyProvidersConfig(needs.readConfig());
    const kind = providerKinds.find((known) => known === needs.kind);
    if (kind === undefined) throw refused(`Cannot start a provider "${needs.kind ?? ''}": there is none of this kind`);
    return openKeyProvider({ config, kind, random, setEnvironment });
  };
  runKeyProvider({ stream, open, exit });
}
