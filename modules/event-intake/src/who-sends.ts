import type { Principal } from '@sallyport/platform/http';
import { EventIntakeError } from './errors.ts';

/** Whose key it is, and as which source it wants to send. */
export type WhoSends = { readonly principal: Pick<Principal, 'id' | 'source'>; readonly source?: string | undefined };

/** The key's own source, or `default`, unless given. Throws `source_invalid`, `source_not_allowed`. */
export function sourceOf({ principal, source }: WhoSends): string {
  const name = source ?? principal.source ?? 'default';
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) {
    throw new EventIntakeError(
      'source_invalid',
      `Cannot send as "${name}": a source must be 1 to 64 letters, digits, ".", "_" or "-"`,
    );
  }
  // A part of its own source, as in `host-a.1f00`, is still its own.
  if (principal.source !== undefined && principal.source !== name && !name.startsWith(`${principal.source}.`)) {
    throw new EventIntakeError(
      'source_not_allowed',
      `Cannot send as "${name}": the key must send as "${principal.source}"`,
    );
  }
  return name;
}

export function reporterOf(from: WhoSends): { uid: string; name: string } {
  return { uid: from.principal.id, name: sourceOf(from) };
}
