import { LedgerError } from './errors.ts';

/**
 * How long the content of an entry is kept is decided by its class: all entries of one class received on one day are sealed
 * under one key, and expire together. `events` is what came from outside, `findings` what our rules said of it, `audit` what
 * this server did.
 */
const pattern = /^[a-z][a-z0-9-]{0,30}$/;

/** What the keeper of the keys records of itself. The vault lets no key of this class go: it proves every other destruction. */
export const custodyClass = 'custody';

export function isRetentionClass(text: string): boolean {
  return pattern.test(text);
}

/** Throws `entry_invalid` for what is no class; without one, what came in is `events` and what we said ourselves is `audit`. */
export function retentionOf(text: string | undefined, priority: 'intake' | 'control'): string {
  if (text === undefined) return priority === 'control' ? 'audit' : 'events';
  if (text === custodyClass)
    throw new LedgerError(
      'entry_invalid',
      `Cannot append as "${text}": that class is for the keeper of the keys alone`,
    );
  if (isRetentionClass(text)) return text;
  throw new LedgerError(
    'entry_invalid',
    `Cannot append: retention class is "${text.slice(0, 40)}", must match ${pattern.source}`,
  );
}

/** What the vault calls the key of a class and receive day by. */
export function dataKeyLabel(retention: string, receivedAtMs: number): string {
  return `${retention}/${new Date(receivedAtMs).toISOString().slice(0, 10)}`;
}

/** The classes among entries, in the order in which they first appear: nearly always one. */
export function classesOf(entries: readonly { readonly retention: string }[]): readonly string[] {
  const classes: string[] = [];
  let last: string | undefined;
  for (const { retention } of entries) {
    if (retention === last) continue;
    last = retention;
    if (!classes.includes(retention)) classes.push(retention);
  }
  return classes;
}
