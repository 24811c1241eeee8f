import type { EvidenceCheck, EvidenceVerification } from '@sallyport/ledger/evidence';

/** `not known`: nothing to compare with was at hand; the rest still says that the file agrees with itself. */
export type CheckState = 'passed' | 'failed' | 'not known' | 'not reached';
export type ExplainedCheck = {
  readonly check: EvidenceCheck;
  readonly title: string;
  readonly meaning: string;
  readonly state: CheckState;
};

/** In the order the verifier makes them; the first that fails ends it. */
const checks: readonly { readonly check: EvidenceCheck; readonly title: string; readonly meaning: string }[] = [
  {
    check: 'form',
    title: 'The file is whole',
    meaning: 'Every byte stands where the format says, written the one way it can be.',
  },
  { check: 'key', title: 'It is signed by the log you know', meaning: 'Its key is the one this reader already holds.' },
  { check: 'event', title: 'The event is the sealed one', meaning: 'Salt and event hash to what the leaf commits to.' },
  {
    check: 'signature',
    title: 'The log signed this checkpoint',
    meaning: 'An Ed25519 signature over size and root of the tree.',
  },
  {
    check: 'inclusion',
    title: 'The leaf is in the tree',
    meaning: 'The path of hashes leads from the leaf to the signed root.',
  },
];

/**
 * What each check said, for people: those before the failed one passed, those after it were not reached. Without a key
 * known beforehand nobody has said whose signature it is.
 */
export function explainChecks(result: EvidenceVerification, keyKnown: boolean): ExplainedCheck[] {
  const failedAt = result.ok ? checks.length : checks.findIndex(({ check }) => check === result.check);
  return checks.map((entry, at) => {
    if (at > failedAt) return { ...entry, meaning: 'Not reached.', state: 'not reached' };
    if (at === failedAt) return { ...entry, meaning: result.ok ? '' : `${result.reason}.`, state: 'failed' };
    if (entry.check !== 'key' || keyKnown) return { ...entry, state: 'passed' };
    const meaning =
      'No key is known here: the file only agrees with itself. Compare its key with the one you know the log by.';
    return { ...entry, title: 'Who signed is for you to say', meaning, state: 'not known' };
  });
}
