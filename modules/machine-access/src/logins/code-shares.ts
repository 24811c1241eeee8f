import type { Transaction } from '@sallyport/platform/database';
import type { MachineLimits } from '../needs.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { LoginStore } from './login-store.ts';

/**
 * How many sign-ins by device may be under way: for one network a few, and for all together as many as keep a guess hopeless. When
 * there is no room left, who has the most makes room for who has less, the oldest first: a stranger who asks for codes all day takes
 * none from somebody else.
 */
export async function makeRoom(
  transaction: Transaction,
  codes: Pick<LoginStore, 'countCodes' | 'countCodesOf' | 'dropFromLargest'>,
  source: string,
  limits: Pick<MachineLimits, 'maxPendingLogins' | 'maxPendingLoginsPerNetwork'>,
): Promise<void> {
  const own = await codes.countCodesOf(transaction, source);
  if (own >= limits.maxPendingLoginsPerNetwork) throw tooMany(' from your network');
  if ((await codes.countCodes(transaction)) < limits.maxPendingLogins) return;
  if (!(await codes.dropFromLargest(transaction, own + 1))) throw tooMany('');
}

/** The network an address is in, as one that many addresses are had of at once: IPv4 /24; of IPv6 the edge names the /64. */
export function networkOf(address: string): string {
  return /^(\d+\.\d+\.\d+)\.\d+$/.exec(address)?.[1] ?? address;
}

function tooMany(where: string): OAuthError {
  return new OAuthError('temporarily_unavailable', `Cannot begin another sign-in now: too many are under way${where}`);
}
