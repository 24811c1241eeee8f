import { kindOfHost } from '@sallyport/platform/guarded-address';
import { LedgerError } from '../errors.ts';

const maxUrlCharacters = 500;

/**
 * Where a witness is reached: the prefix before `/add-checkpoint`. An administrator names it, and still: only https, but on this
 * machine itself, since an answer that anybody on the way may have recorded or changed says nothing; no user, query or fragment;
 * not link-local, where clouds keep credentials. Throws `witness_invalid`.
 */
export function parseWitnessUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.slice(0, maxUrlCharacters + 1));
  } catch {
    throw refused('it is no URL');
  }
  if (text.length > maxUrlCharacters) throw refused(`it must have at most ${maxUrlCharacters} characters`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isThisMachine(url.hostname)))
    throw refused('it must begin with https: (http: is for a witness on this machine alone)');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw refused('it must be without user, password, query and fragment');
  if (kindOfHost(url.hostname) === 'nowhere') throw refused('it leads where no witness is');
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** The same without the slash at its end, to put paths behind. */
export function prefixOf(url: URL): string {
  return url.href.replace(/\/+$/, '');
}

/** A witness here shares the fate of the log: it helps against mistakes, not against whoever owns the machine. */
export function isThisMachine(host: string): boolean {
  return kindOfHost(host) === 'this-machine';
}

/**
 * Throws `witness_unreachable` for an address that a name leads to today and where no witness is; for one elsewhere, too, when
 * the witness is asked in clear.
 */
export function refuseAddress(address: string, { isInClear }: { readonly isInClear: boolean }): void {
  const kind = kindOfHost(address);
  if (kind === 'nowhere' || (isInClear && kind !== 'this-machine'))
    throw new LedgerError('witness_unreachable', 'The name of the witness leads where no witness is');
}

function refused(why: string): LedgerError {
  return new LedgerError('witness_invalid', `Cannot use this address of a witness: ${why}`);
}
