import { createHash } from 'node:crypto';

/** What a token is bound to: the key that signs its proofs (RFC 9449), or the certificate of its connections (RFC 8705). */
export type Binding =
  | { readonly kind: 'dpop'; readonly thumbprint: string }
  | { readonly kind: 'certificate'; readonly thumbprint: string };

export function bindingText({ kind, thumbprint }: Binding): string {
  return `${kind}:${thumbprint}`;
}

/** Throws `TypeError` for what `bindingText` did not write: it stands in our own database. */
export function parseBinding(text: string): Binding {
  const [, kind, thumbprint = ''] = /^(dpop|certificate):([\w-]{43})$/.exec(text) ?? [];
  if (kind === 'dpop' || kind === 'certificate') return { kind, thumbprint };
  throw new TypeError('Cannot read what a token is bound to');
}

/** `cnf` of introspection (RFC 7662, RFC 7800). */
export function confirmationOf({ kind, thumbprint }: Binding): { jkt: string } | { 'x5t#S256': string } {
  return kind === 'dpop' ? { jkt: thumbprint } : { 'x5t#S256': thumbprint };
}

/** `x5t#S256` (RFC 8705 section 3.1). */
export function certificateThumbprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url');
}
