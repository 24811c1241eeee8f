import { withApproverChange } from './approver-list.ts';
import { withPolicy } from './bounds.ts';
import { withEntry } from './entries.ts';
import { isShorter, judgeIntent } from './judging.ts';
import { change, idsOf, vaultItself } from './run-needs.ts';
import type { RunNeeds } from './run-needs.ts';
import type { Intent, Section } from './section.ts';

/** Policies, releases and who may agree, which two people agree to as to a destruction. */
export function createAgreements(needs: RunNeeds): { settle(): void } {
  const { store } = needs;
  const nowMs = (): number => needs.vault.clock.nowMs();

  /** They take effect once nothing stands in their way. */
  function settleAgreements(): void {
    for (const { id } of store.get().intents) {
      // One that was agreed to just now may have made another void.
      const intent = store.get().intents.find((one) => one.id === id);
      if (intent === undefined) continue;
      if (intent.stage !== 'proposed' || intent.kind === 'request' || intent.kind === 'expiry') continue;
      if (judgeIntent(needs.facts(), intent).obstacles.length > 0) continue;
      store.update((section) =>
        agreed(change(nowMs(), idsOf([intent]), (one) => ({ ...one, stage: 'agreed' }))(section), intent),
      );
    }
  }

  function agreed(section: Section, intent: Intent): Section {
    const { policy, holdId, id } = intent;
    if (intent.kind === 'approver') return withApproverChange({ store, nowMs }, section, intent);
    const by = vaultItself;
    const target = { type: 'destruction', id };
    if (policy !== undefined) {
      // Somebody may have set a shorter one since: what two people signed last holds.
      const details = { ...policy, shorter: isShorter(section, policy) };
      return withEntry(withPolicy(section, { ...policy, id, agreedAtMs: nowMs() }), nowMs(), {
        action: 'vault.policy_agreed',
        message: `What is kept of "${policy.class}" is ${policy.keepDays ?? 'all'} days from now on`,
        by,
        target,
        details,
      });
    }
    const going = new Set(intent.holdIds ?? (holdId === undefined ? [] : [holdId]));
    const released = section.holds.filter((one) => going.has(one.id));
    const left = { ...section, holds: section.holds.filter((one) => !going.has(one.id)) };
    return released.reduce(
      (next, hold) =>
        withEntry(next, nowMs(), {
          action: 'vault.hold_released',
          message: `Two people released the legal hold "${hold.name}"`,
          by,
          target,
          details: { hold_id: hold.id },
        }),
      left,
    );
  }

  return { settle: settleAgreements };
}
