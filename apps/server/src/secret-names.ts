/** The secrets the server process may ask the vault for, by exact name. Ledger keys are not among them and never leave the sealer. */
export const secretNames = {
  outbox: 'outbox',
  storeDisk: 'event-store/disk',
  identity: 'identity',
  correlations: 'detection/correlations',
  suppressions: 'incident-response/suppressions',
  sensors: 'device-fleet/sensors',
  hostSensor: 'device-fleet/host-sensor',
  authority: 'certificate-authority/authority',
  authorityHttps: 'certificate-authority/https',
  ownCertificate: 'https/own-certificate',
  acmeCertificate: 'https/acme-certificate',
  acmeAccount: 'https/acme-account',
} as const;

export const offeredSecrets: readonly string[] = [
  secretNames.outbox,
  secretNames.storeDisk,
  secretNames.identity,
  secretNames.correlations,
  secretNames.suppressions,
  secretNames.sensors,
  secretNames.hostSensor,
  secretNames.authority,
  'certificate-authority/server',
  secretNames.authorityHttps,
  secretNames.ownCertificate,
  secretNames.acmeCertificate,
  secretNames.acmeAccount,
];
