import { vaultNextSteps } from '../keys/next-steps.ts';

/** What to do when a destruction, a policy or a hold is refused, by code. */
export const retentionNextSteps: Readonly<Record<string, string>> = {
  ...vaultNextSteps,
  signature_refused:
    'Sign with a passkey that was enrolled here for destructions, under the same host name, and as another person than the first.',
  intent_unknown: 'It has ended or was cancelled meanwhile; the list is fetched anew.',
};
