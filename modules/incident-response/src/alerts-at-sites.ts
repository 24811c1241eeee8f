import type { Reach } from '@sallyport/platform/http';
import type { Alert } from './alert.ts';

/** Which alerts somebody may see; undefined: all. One that is at no site is for those with the right everywhere. */
export function shownTo(reach: Reach): ((alert: Alert) => boolean) | undefined {
  if (reach.everywhere && reach.except.length === 0) return undefined;
  return ({ entities }) => reach.includes(entities.site);
}
