import type { Approver, Intent, Section } from './section.ts';

/** Signatures of these intents do not count any more; the digest of the next round is another. */
export function suspendIntents(section: Section, concerns: (intent: Intent) => boolean, why: string): Section {
  return {
    ...section,
    intents: section.intents.map((intent) => {
      const isOpen = ['proposed', 'begun', 'rotated', 'removed'].includes(intent.stage);
      if (!isOpen || !concerns(intent)) return intent;
      const { signed: _, ...rest } = intent;
      return { ...rest, round: intent.round + 1, signatures: [], suspended: why };
    }),
  };
}

/** What the passkey signed and is not carried out yet does not count. */
export function withoutSignatures(
  section: Section,
  { credentialId, name }: Pick<Approver, 'credentialId' | 'name'>,
): Section {
  return suspendIntents(
    section,
    ({ kind, signatures, stage }) =>
      kind !== 'approver' && stage !== 'removed' && signatures.some((one) => one.credentialId === credentialId),
    `a passkey of "${name}" that had signed was withdrawn`,
  );
}
