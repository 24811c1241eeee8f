import { BlockList, isIP } from 'node:net';
import { CertificateError } from './errors.ts';

/** How clients address a server, as in a subject alternative name (RFC 5280 section 4.2.1.6). */
export type ServerName = { readonly kind: 'dns' | 'ip'; readonly value: string };

const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** A host name or an IP address. No wildcards. Throws `server_name_invalid`. */
export function parseServerName(text: string): ServerName {
  if (isIP(text) !== 0 && !text.includes('%')) return { kind: 'ip', value: text.toLowerCase() };
  const value = text.toLowerCase();
  const labels = value.split('.');
  // A last label of digits would read as an address elsewhere.
  if (value.length <= 253 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '')) {
    return { kind: 'dns', value };
  }
  throw new CertificateError(
    'server_name_invalid',
    `Cannot certify ${JSON.stringify(text.slice(0, 253))}: must be a host name or an IP address`,
  );
}

/** Address ranges of which nobody is the owner in public: always permitted. */
const privateRanges = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7'];

/** What an authority may vouch for: `dns` names with everything below them, and address ranges. */
export type PermittedNames = { readonly dns: readonly string[]; readonly ranges: readonly string[] };

/** `localhost` and private ranges, and the names given. */
export function permittedFor(names: readonly ServerName[]): PermittedNames {
  const dns = names.filter((name) => name.kind === 'dns').map((name) => name.value);
  const own = names.filter((name) => name.kind === 'ip').map(({ value }) => `${value}/${isIP(value) === 4 ? 32 : 128}`);
  return { dns: [...new Set(['localhost', ...dns])], ranges: [...new Set([...privateRanges, ...own])] };
}

export function isPermitted(permitted: PermittedNames, name: ServerName): boolean {
  if (name.kind === 'dns')
    return permitted.dns.some((parent) => name.value === parent || name.value.endsWith(`.${parent}`));
  const version = isIP(name.value) === 4 ? 'ipv4' : 'ipv6';
  return permitted.ranges.some((range) => {
    const [address = '', prefix] = range.split('/');
    if (isIP(address) !== isIP(name.value)) return false;
    const list = new BlockList();
    list.addSubnet(address, Number(prefix), version);
    return list.check(name.value, version);
  });
}
