import { timingSafeEqual } from 'node:crypto';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { KeyVaultError } from './errors.ts';
import type { KeyProvider, ProviderKind, WrapContext } from './key-provider.ts';
import type { KeyVaultNeeds } from './needs.ts';
import type { EpochWrap, VaultEpoch, VaultHeader } from './vault-format.ts';

type ProviderNeeds = Pick<KeyVaultNeeds, 'providers' | 'signal'>;

export const epochKeyBytes = 32;

/** An epoch whose master keys have names and are not made yet. Durable in both copies before `wrapEpochKey`. */
export function planEpoch(
  { vault, epoch }: { readonly vault: string; readonly epoch: number },
  kinds: readonly ProviderKind[],
  random: (bytes: number) => Buffer,
): VaultEpoch {
  const wraps = kinds.map((provider, order) => {
    const tail = random(8);
    // Two providers of one epoch get names of their own, even when the random source repeats itself.
    tail[0] = (tail[0] ?? 0) ^ order;
    return { provider, name: `sallyport-${vault}-${epoch}-${tail.toString('hex')}`, reference: '', wrapped: '' };
  });
  return { epoch, stage: 'creating', wraps };
}

/** Makes the planned master keys and wraps the epoch's key with each. What cannot be unwrapped again is refused. */
export async function wrapEpochKey(
  needs: ProviderNeeds,
  planned: VaultEpoch,
  vault: string,
  key: Buffer,
): Promise<EpochWrap[]> {
  const context: WrapContext = { format: 'sallyport-epoch@v2', vault, epoch: planned.epoch };
  const wraps: EpochWrap[] = [];
  for (const { provider: kind, name } of planned.wraps) {
    const provider = providerOf(needs, kind);
    const master = await provider.create(name, needs.signal);
    const wrapped = await provider.wrap(master, key, context, needs.signal);
    const again = await provider.unwrap(master, wrapped, context, needs.signal);
    if (again.length !== key.length || !timingSafeEqual(again, key)) {
      throw new KeyVaultError('unseal_failed', `Cannot use provider "${kind}": it does not give back what it wrapped`);
    }
    wraps.push({ provider: kind, name, reference: master.reference, wrapped: wrapped.toString('base64') });
  }
  return wraps;
}

/**
 * The key of the active epoch, from the first of its wraps that opens, and the provider that did. A provider that is away
 * or refuses is no damage: then, what it said is thrown, so that nobody falls back to an older copy.
 */
export async function openEpochKey(
  needs: ProviderNeeds,
  header: VaultHeader,
): Promise<{ readonly key: Buffer; readonly epoch: VaultEpoch; readonly provider: ProviderKind }> {
  const epoch = activeEpoch(header);
  const context: WrapContext = { format: 'sallyport-epoch@v2', vault: header.vault, epoch: epoch.epoch };
  const failures: Error[] = [];
  for (const { provider: kind, name, reference, wrapped } of epoch.wraps) {
    try {
      const provider = providerOf(needs, kind);
      const bytes = Buffer.from(wrapped, 'base64');
      const key = await provider.unwrap({ name, reference }, bytes, context, needs.signal);
      if (key.length === epochKeyBytes) return { key, epoch, provider: kind };
    } catch (error) {
      failures.push(asError(error));
    }
  }
  throw (
    failures.find((failure) => !isDamage(failure)) ??
    failures[0] ??
    new KeyVaultError('unseal_failed', 'Cannot open the active epoch: none of its wraps opens')
  );
}

export function activeEpoch(header: VaultHeader): VaultEpoch {
  const active = header.epochs.filter((epoch) => epoch.stage === 'active');
  const [epoch] = active;
  if (epoch !== undefined && active.length === 1) return epoch;
  throw new KeyVaultError(
    'unseal_failed',
    `Cannot open the vault: it has ${active.length} active epochs, must have one`,
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new KeyVaultError('provider_unavailable', messageOf(error));
}

/** Whether other bytes could do better, as opposed to a provider that has to come back first. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'unseal_failed' || code === 'master_absent';
}

export function providerOf(needs: Pick<KeyVaultNeeds, 'providers'>, kind: ProviderKind): KeyProvider {
  const provider = needs.providers.get(kind);
  if (provider !== undefined) return provider;
  throw new KeyVaultError('provider_unknown', `Cannot reach the vault's master key: provider "${kind}" is not set up`, {
    hint: `set up key provider "${kind}" as it was when the vault was last written`,
  });
}
