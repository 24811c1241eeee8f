import { isPrivateAddress, kindOfHost } from '@sallyport/platform/guarded-address';
import { ProviderError } from '../errors.ts';

const maxUrlCharacters = 500;

/** Where a provider may be. */
export type AddressRules = { readonly allowsPrivateAddresses: boolean };

/**
 * An address we were told for a provider, by an administrator or by the provider's own metadata: https, without user and
 * fragment, not where clouds keep credentials; a private address only if its settings say so, and only then plain http, on
 * this very machine. Throws `provider_invalid`.
 */
export function parseProviderUrl(text: string, what: string, rules: AddressRules): URL {
  let url: URL;
  try {
    url = new URL(text.slice(0, maxUrlCharacters + 1));
  } catch {
    throw refused(what, 'must be an address that begins with https://');
  }
  if (text.length > maxUrlCharacters) throw refused(what, `must have at most ${maxUrlCharacters} characters`);
  const kind = kindOfHost(url.hostname);
  if (kind === 'nowhere') throw refused(what, 'must lead where a provider can be');
  if (!rules.allowsPrivateAddresses && (kind === 'this-machine' || isPrivateAddress(url.hostname)))
    throw refused(what, 'must lead to a public address, unless private ones are allowed for this provider');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && kind === 'this-machine'))
    throw refused(what, 'must begin with https://');
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw refused(what, 'must be without user, password and fragment');
  return url;
}

/** As `parseProviderUrl`, for what a name leads to at the moment it is asked. Throws `provider_unreachable`. */
export function refuseAddress(address: string, rules: AddressRules & { readonly isInClear: boolean }): void {
  const kind = kindOfHost(address);
  const isOurs = kind === 'this-machine' || isPrivateAddress(address);
  if (kind === 'nowhere' || (isOurs && !rules.allowsPrivateAddresses) || (rules.isInClear && kind !== 'this-machine'))
    throw new ProviderError(
      'provider_unreachable',
      'Cannot ask the provider: its name leads to an address that is not allowed',
      { hint: 'is it in your own network? Then allow private addresses in its settings' },
    );
}

function refused(what: string, why: string): ProviderError {
  return new ProviderError('provider_invalid', `Cannot use this ${what}: ${why}`);
}
