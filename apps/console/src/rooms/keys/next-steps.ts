/** What to do when the vault refuses, by code. */
export const vaultNextSteps: Readonly<Record<string, string>> = {
  rotation_running: 'Wait until the rotation above has ended, then try again.',
  machine_changed:
    'The vault was opened on another machine than before. If this one is the successor and the other is off for good, start the server once with --after-restore; if it is a copy for trying things out, leave it so.',
  provider_unavailable:
    'Nothing is wrong with the data. Look at the network, the token or the service, and try again; the keys in use now stay in use.',
  provider_refused:
    'The provider answers and says no: look at the PIN, the token or the policy it names. Keys in use now stay in use.',
  provider_changed:
    'Another account, token or cluster answers than the one the vault knows. Put the configuration back as it was.',
  provider_unknown: 'Name it in the file given with --key-provider, start the server anew, and choose it here.',
  state_refused: 'It was changed meanwhile. Close this, look at its state, and choose again.',
  vault_key_unknown: 'It is not in the vault any more. Close this; the list is fetched anew.',
  vault_damaged: 'Keep a copy of the directories “vault” and “vault-copy” as they are now, before anything else.',
  vault_closed: 'The process that keeps the keys is starting. Try again in a few seconds.',
};
