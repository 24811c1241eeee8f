import { isIP } from 'node:net';
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
  if (isRefusedHost(url.hostname)) throw refused('it leads where no witness is');
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** The same without the slash at its end, to put paths behind. */
export function prefixOf(url: URL): string {
  return url.href.replace(/\/+$/, '');
}

/** A witness here shares the fate of the log: it helps against mistakes, not against whoever owns the machine. */
export function isThisMachine(host: string): boolean {
  const name = bareHost(host);
  return isIP(name) === 4 ? name.startsWith('127.') : name === '::1' || /(^|\.)localhost$/.test(name);
}

/** Link-local, unspecified, multicast and what clouds answer credentials from; of names, the addresses they lead to are asked too. */
export function isRefusedHost(host: string): boolean {
  const name = bareHost(host);
  if (isIP(name) === 4) return /^(0|169\.254|22[4-9]|23\d|2[45]\d)\./.test(name);
  if (isIP(name) === 6) return name === '::' || /^(fe[89a-f]|ff)/.test(name) || name.startsWith('fd00:ec2:');
  return name === 'metadata' || name === 'metadata.google.internal';
}

/** Lower case, without brackets and final dot; an IPv4 address inside an IPv6 one as itself. */
function bareHost(host: string): string {
  const name = host.replaceAll(/^\[|\]$/g, '').toLowerCase();
  const bare = name.replace(/\.$/, '');
  if (isIP(bare) !== 6) return bare;
  const dotted = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::(?:ffff:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(bare) ?? [];
  if (high === undefined || low === undefined) return bare;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}

function refused(why: string): LedgerError {
  return new LedgerError('witness_invalid', `Cannot use this address of a witness: ${why}`);
}
