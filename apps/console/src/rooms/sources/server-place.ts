/** Where senders of other machines find this server. */
export type ServerPlace = {
  readonly address: string;
  readonly host: string;
  readonly port: string;
  /** Only programs of this very machine reach it. */
  readonly isLocalOnly: boolean;
};

/** `opened` is the address for others, null while it is not open. */
export function serverPlace(opened: string | null, here: string): ServerPlace {
  const address = (opened ?? here).replace(/\/$/, '');
  const { hostname, port, protocol } = new URL(address);
  return {
    address,
    host: hostname.replaceAll(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? '443' : '80') : port,
    isLocalOnly: opened === null && /^(localhost|127\.|\[::1\])/.test(hostname),
  };
}

/** `rsyslog`, then `rsyslog-2`: a name that no source has yet. Letters, digits and `. _ -`, at most 64. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const plain =
    wanted
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 56) || 'source';
  const names = new Set(taken);
  if (!names.has(plain)) return plain;
  for (let number = 2; ; number += 1) if (!names.has(`${plain}-${number}`)) return `${plain}-${number}`;
}

export const sourceNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
