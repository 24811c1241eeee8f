import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';

/** The keys of the ledger do not open, and will not by themselves: each try may be one of the few a PIN has. */
const keysDoNotOpen: ReadonlySet<string> = new Set([
  'unseal_failed',
  'vault_damaged',
  'vault_rolled_back',
  'vault_two_versions',
  'provider_refused',
  'provider_changed',
  'provider_unknown',
  'master_absent',
]);

const notWorthRetrying: ReadonlySet<string> = new Set([
  ...keysDoNotOpen,
  'config_invalid',
  'data_unwritable',
  'migration_unknown',
  'migration_out_of_order',
  'ledger_corrupt',
  'ledger_locked',
  'plain_http_not_loopback',
  'address_in_use',
  'address_unusable',
  'EACCES',
  'EROFS',
]);

/** Whether a server that could not start fails the same way when it is started again. */
export function isStartFinal(error: unknown): boolean {
  return notWorthRetrying.has(codeOf(error) ?? '');
}

/**
 * Whether the sealer of a running server fails the same way when it is started again. Fewer than at a start: the one that has
 * just ended may still hold its lock, and a server whose ledger is away can say so.
 */
export function isSealerFinal(error: unknown): boolean {
  return keysDoNotOpen.has(codeOf(error) ?? '');
}

/** What a process that ends with this error says last. */
export function describeFailure(error: unknown): string {
  const hint = error instanceof CodedError ? error.hint : undefined;
  return `${codeOf(error) ?? 'internal'}: ${messageOf(error)}\n${hint === undefined ? '' : `hint: ${hint}\n`}`;
}
