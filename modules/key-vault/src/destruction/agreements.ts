import { withEntry } from './entries.ts';
import { isShorter, judgeIntent } from './judging.ts';
import { change, idsOf, vaultItself } from './run-needs.ts';
import type { RunNeeds } from './run-needs.ts';
import type { Intent, Section } from './section.ts';

/** Policies and releases, which two people agree to as to a destruction. */
export function createAgreements(needs: RunNeeds): { settle(): void } {
  const { store } = needs;
  const nowMs = (): number => needs.vault.clock.nowMs();

  /** Policies and releases take effect once nothing stands in their way. */
  function settleAgreements(): void {
    for (const intent of store.get().intents) {
      if (intent.stage !== 'proposed' || (intent.kind !== 'policy' && intent.kind !== 'release')) continue;
      if (judgeIntent(needs.facts(), intent).obstacles.length > 0) continue;
      store.update((section) =>
        agreed(change(nowMs(), idsOf([intent]), (one) => ({ ...one, stage: 'agreed' }))(section), intent),
      );
    }
  }

  function agreed(section: Section, intent: Intent): Section {
    const { policy, holdId, id } = intent;
    const by = vaultItself;
    const target = { type: 'destruction', id };
    if (policy !== undefined) {
      // Somebody may have set a shorter one since: what two people signed last holds.
      const details = { ...policy, shorter: isShorter(section, policy) };
      const policies = section.policies.filter((one) => one.class !== policy.class);
      return withEntry({ ...section, policies: [...policies, { ...policy, id, agreedAtMs: nowMs() }] }, nowMs(), {
        action: 'vault.policy_agreed',
        message: `What is kept of "${policy.class}" is ${policy.keepDays ?? 'all'} days from now on`,
        by,
        target,
        details,
      });
    }
    const hold = section.holds.find((one) => one.id === holdId);
    return withEntry({ ...section, holds: section.holds.filter((one) => one.id !== holdId) }, nowMs(), {
      action: 'vault.hold_released',
      message: `Two people released the legal hold "${hold?.name ?? holdId ?? ''}"`,
      by,
      target,
      details: { hold_id: holdId ?? '' },
    });
  }

  return { settle: settleAgreements };
}
