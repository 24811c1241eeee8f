import type { DeskContext } from './desk-context.ts';
import { withEntry } from './entries.ts';
import type { Approver, Intent, Section } from './section.ts';
import { withoutSignatures } from './suspending.ts';

/** So many people are taken at the server's word, since nobody is there who could agree to them. */
export const foundersNeeded = 2;

/** Another list: what was signed about the former one is signed about another list than this. */
export function withApprovers(section: Section, approvers: readonly Approver[]): Section {
  return { ...section, approvers: [...approvers], approverList: (section.approverList ?? 0) + 1 };
}

/**
 * Open proposals about the list are about the list as it is now: their digests change, their signatures and their waiting are
 * void.
 */
export function renewed({ store }: Pick<DeskContext, 'store'>, section: Section): Section {
  const list = section.approverList ?? 0;
  return {
    ...section,
    intents: section.intents.map((intent): Intent => {
      const { approver } = intent;
      if (intent.stage !== 'proposed' || approver === undefined || approver.list === list) return intent;
      const { signed: _, suspended: __, ...rest } = intent;
      // Waits from the entry about the change that is written with it.
      const proposed = store.moment(section.nextSequence);
      return { ...rest, approver: { ...approver, list }, round: intent.round + 1, signatures: [], proposed };
    }),
  };
}

export function withoutStop(approver: Approver): Approver {
  const { stopped: _, ...standing } = approver;
  return standing;
}

/** What two people agreed to, or weeks without them: the list is another, and the ledger says who agreed. */
export function withApproverChange(
  context: Pick<DeskContext, 'store' | 'nowMs'>,
  section: Section,
  intent: Intent,
): Section {
  const { approver, id } = intent;
  if (approver === undefined) return section;
  const agreedBy = intent.signatures.map(({ name }) => name);
  const concerned = new Set(approver.passkeys.map(({ credentialId }) => credentialId));
  const others = section.approvers.filter(({ credentialId }) => !concerned.has(credentialId));
  const since = context.store.moment(section.nextSequence);
  const { userId, name } = approver;
  // Somebody may have let it count again, and it signed, before it left.
  const left =
    approver.change === 'remove'
      ? approver.passkeys.reduce(
          (before, { credentialId }) => withoutSignatures(before, { credentialId, name }),
          section,
        )
      : section;
  const changed = (): readonly Approver[] => {
    switch (approver.change) {
      case 'enrol':
        return [
          ...others,
          ...approver.passkeys.map((passkey): Approver => {
            return { ...passkey, userId, name, by: intent.by, since, isFounder: false, agreedBy };
          }),
        ];
      case 'remove':
        return others;
      case 'reinstate':
        return section.approvers.map((one) => (concerned.has(one.credentialId) ? withoutStop(one) : one));
    }
  };
  const next = renewed(context, withApprovers(left, changed()));
  return withEntry(next, context.nowMs(), {
    action: actions[approver.change],
    message: `${messages[approver.change](name)}: ${agreedBy.length === 0 ? 'nobody was left to agree' : `${agreedBy.join(' and ')} agreed`}`,
    by: { id: intent.by },
    target: { type: 'approver', id: userId },
    details: {
      name,
      ...(approver.change === 'enrol'
        ? { credential_ids: [...concerned] }
        : { credential_id: [...concerned].join(' '), reason: intent.reason }),
      counts_at_once: false,
      agreed_by: agreedBy,
      alone: agreedBy.length < 2,
      intent: id,
    },
  });
}

const actions = {
  enrol: 'vault.approver_enrolled',
  remove: 'vault.approver_withdrawn',
  reinstate: 'vault.approver_reinstated',
} as const;

const messages: Readonly<Record<keyof typeof actions, (name: string) => string>> = {
  enrol: (name) => `"${name}" may agree to destructions from now on`,
  remove: (name) => `A passkey of "${name}" agrees to destructions no more`,
  reinstate: (name) => `A passkey of "${name}" counts again`,
};
