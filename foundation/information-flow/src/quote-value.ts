import { roleOf } from './describe-tool.ts';

const longest = 60;
/** What may be a secret or somebody's letter. */
const unquoted = new Set(['content', 'credential', 'command']);

/** A path, an address of the web, or one to write to. */
const placeLike = /^(?:[~.]{0,2}\/[\w./@ -]{0,200}|[\w.+-]{1,64}@[\w.-]{1,190}|https?:\/\/\S{1,500})$/i;

/**
 * A value as it may stand in a reason, which is kept for years and read by many: whom and where as it is, an address of the web by its host,
 * and what may be secret or private only by its length.
 */
export function quoteValue(argument: string, text: string): string {
  const { role } = roleOf(argument.split('.').findLast((part) => !/^\d*$/.test(part)) ?? '');
  const isPrivate = role === undefined ? !placeLike.test(text) : unquoted.has(role);
  return isPrivate ? `of ${text.length.toLocaleString('en')} characters` : quotePlace(text);
}

/** Whom or where something goes. */
export function quotePlace(text: string): string {
  const place = text.replace(/^([a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^/?#@]{0,256}@)?([^/?#]{0,256}).*$/is, '$1$2');
  return `"${place.length > longest ? `${place.slice(0, longest - 3)}...` : place}"`;
}
