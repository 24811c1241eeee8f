import type { KeyVaultNeeds } from '../needs.ts';
import type { VaultState } from '../vault-state.ts';
import { certificateStatement, statementHash } from './certificate.ts';
import { withEntry } from './entries.ts';
import { finalKeyIds } from './final-keys.ts';
import type { Intent, IntentReceipt } from './section.ts';
import type { DestructionStore } from './store.ts';

/**
 * Says of each intent what the providers have said of every epoch that sealed copies of its keys. The entry holds the
 * SHA-256 of all a certificate is to say.
 */
export async function completeIntents({
  vault,
  store,
  state,
}: {
  readonly vault: Pick<KeyVaultNeeds, 'providers' | 'signal' | 'clock'>;
  readonly store: DestructionStore;
  readonly state: VaultState;
}): Promise<void> {
  for (const intent of store.get().intents) {
    if (intent.stage !== 'destroying' && intent.stage !== 'scheduled') continue;
    const stages = intent.epochs.map((epoch) => state.header().epochs.find((one) => one.epoch === epoch)?.stage);
    const isDone = stages.every((stage) => stage === 'destroyed');
    const isScheduled = stages.every((stage) => stage === 'destroyed' || stage === 'pending');
    const stage = isDone ? 'destroyed' : isScheduled ? 'scheduled' : intent.stage;
    if (stage === intent.stage) continue;
    const receipts = await Promise.all(intent.epochs.map(async (epoch) => receiptOf(vault, state, epoch)));
    const next: Intent = { ...intent, stage, receipts };
    const statement = statementHash(certificateStatement(state.vault, next, state.list().records));
    store.update((section) =>
      withEntry(
        {
          ...section,
          intents: section.intents.map((one) => (one.id === intent.id ? { ...one, stage, receipts, statement } : one)),
        },
        vault.clock.nowMs(),
        {
          action: 'vault.keys_destroyed',
          message: `${finalKeyIds(next).length} keys are ${stage === 'scheduled' ? 'scheduled to be destroyed' : 'destroyed'}`,
          by: { id: 'vault', name: 'Key vault' },
          target: { type: 'destruction', id: intent.id },
          details: { key_ids: finalKeyIds(next), outcome: stage, certificate_sha256: statement },
        },
      ),
    );
  }
}

async function receiptOf(
  vault: Pick<KeyVaultNeeds, 'providers' | 'signal'>,
  state: VaultState,
  epoch: number,
): Promise<IntentReceipt> {
  const found = state.header().epochs.find((one) => one.epoch === epoch);
  const said = state.list().epochs.find((one) => one.epoch === epoch)?.receipts ?? [];
  const providers = await Promise.all(
    (found?.wraps ?? []).map(async ({ provider: kind, name }) => {
      const last = said.findLast((receipt) => receipt.name === name);
      return {
        kind,
        name,
        presence: last?.presence ?? 'unknown',
        // A provider that cannot be asked is credited with nothing.
        destruction: await promiseOf(vault, kind),
        done: last?.done ?? [],
        notPromised: last?.notPromised ?? [],
      };
    }),
  );
  return { epoch, stage: found?.stage ?? 'destroyed', providers };
}

async function promiseOf(
  { providers, signal }: Pick<KeyVaultNeeds, 'providers' | 'signal'>,
  kind: Parameters<KeyVaultNeeds['providers']['get']>[0],
): Promise<string> {
  try {
    return (await providers.get(kind)?.facts(signal))?.destruction ?? 'not-provable';
  } catch {
    return 'not-provable';
  }
}
