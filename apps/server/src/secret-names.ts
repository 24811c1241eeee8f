/** The secrets the server process may ask the vault for, by exact name. Ledger keys are not among them and never leave the sealer. */
export const secretNames = {
  outbox: 'outbox',
  storeDisk: 'event-store/disk',
  identity: 'identity',
  correlations: 'detection/correlations',
  suppressions: 'incident-response/suppressions',
} as const;

export const offeredSecrets: readonly string[] = [
  secretNames.outbox,
  secretNames.storeDisk,
  secretNames.identity,
  secretNames.correlations,
  secretNames.suppressions,
  'certificate-authority/authority',
  'certificate-authority/server',
  'certificate-authority/permitted-names',
];
