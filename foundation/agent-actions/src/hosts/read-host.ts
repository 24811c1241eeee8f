import type { HostClass } from '../action.ts';
import { hole, shown } from '../run/text.ts';

export type ReadHost = {
  /** Lower case and ASCII; `*` where it is not known. */
  readonly host: string;
  readonly port?: number;
  readonly url?: string;
  readonly classes: readonly HostClass[];
  readonly isKnown: boolean;
};

/** Names under which clouds give the credentials of a machine, beside the link-local address. */
const metadataHosts = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  'metadata.google.internal',
  'metadata',
  'metadata.azure.internal',
  'instance-data',
  'instance-data.ec2.internal',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
]);

/**
 * The host of a URL, or of `user@host:path` and bare names, read as the WHATWG URL standard reads it: percent signs undone, international
 * names as punycode, decimal, hexadecimal and octal addresses as four numbers. Undefined where there is none.
 */
export function readHost(written: string, defaultScheme = 'http'): ReadHost | undefined {
  const text = written.trim().slice(0, 8192);
  if (text === '') return undefined;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const full = hasScheme ? text : `${defaultScheme}://${text}`;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(full)?.[1] ?? '';
  const afterUser = authority.slice(authority.lastIndexOf('@') + 1);
  if (afterUser.includes(hole)) {
    const known = shown(afterUser).toLowerCase();
    return { host: known.replace(/:\d+$/, ''), url: shown(full), classes: ['public'], isKnown: false };
  }
  // Only schemes the standard calls special have their addresses and names normalised.
  const scheme = /^[a-z][a-z0-9+.-]*/i.exec(full)?.[0].toLowerCase() ?? '';
  const port = /:(\d{1,5})$/.exec(afterUser)?.[1];
  let parsed: URL;
  try {
    parsed = new URL(
      full.replaceAll(hole, '*').replace(/^[a-z][a-z0-9+.-]*:/i, scheme === 'https' ? 'https:' : 'http:'),
    );
  } catch {
    return undefined;
  }
  const host = parsed.hostname.replace(/\.$/, '');
  if (host === '') return undefined;
  return {
    host,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(hasScheme ? { url: shown(text) } : {}),
    classes: classesOf(host, authority, afterUser),
    isKnown: true,
  };
}

function classesOf(host: string, authority: string, afterUser: string): HostClass[] {
  const classes: HostClass[] = [];
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.startsWith('[');
  if (metadataHosts.has(host) || host.startsWith('[::ffff:a9fe:')) classes.push('metadata');
  classes.push(rangeOf(host));
  if (isAddress) classes.push('address');
  const typed = afterUser.replace(/:\d*$/, '').toLowerCase().replace(/\.$/, '');
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  const isDisguised =
    /[.:].*\.|\.[a-z]{2,}/i.test(user) ||
    (isAddress && typed !== host && !typed.startsWith('[')) ||
    typed.includes('%');
  if (isDisguised) classes.push('disguised');
  if (host.split('.').some((label) => label.startsWith('xn--')) || /[^\u0000-\u007f]/.test(typed))
    classes.push('look-alike');
  return classes;
}

function rangeOf(host: string): HostClass {
  if (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host.startsWith('127.') ||
    host === '[::1]' ||
    host === '0.0.0.0'
  )
    return 'loopback';
  if (host.startsWith('[::ffff:7f') || host === '[::]') return 'loopback';
  if (host.startsWith('169.254.') || /^\[fe[89ab]/.test(host)) return 'link-local';
  const isPrivate =
    host.startsWith('10.') ||
    host.startsWith('192.168.') ||
    /^172\.(?:1[6-9]|2\d|3[01])\./.test(host) ||
    /^100\.(?:6[4-9]|[789]\d|1[01]\d|12[0-7])\./.test(host) ||
    /^\[f[cd]/.test(host) ||
    /\.(?:local|internal|lan|home|corp|localdomain)$/.test(host) ||
    (!host.includes('.') && !host.startsWith('['));
  return isPrivate ? 'private' : 'public';
}
