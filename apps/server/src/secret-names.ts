/** The secrets the server process may ask the vault for, by exact name. Ledger keys are not among them and never leave the sealer. */
export const secretNames = {
  outbox: 'outbox',
  storeDisk: 'event-store/disk',
} as const;

export const offeredSecrets: readonly string[] = [
  secretNames.outbox,
  secretNames.storeDisk,
  'certificate-authority/authority',
  'certificate-authority/server',
  'certificate-authority/permitted-names',
];
