import { messageOf } from '@sallyport/platform/errors';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { InForceUnreadable } from './in-force-mark.ts';
import type { SealingNeeds } from './sealed-json.ts';

/**
 * What came into force last: which version, how often something did, and the digest of the texts that were agreed to. Rows of versions of the
 * product that did not count have 0, and those before texts were bound have no digest.
 */
export type Standing = { readonly version: number; readonly activations: number; readonly digest?: string };

/** What the one row says of it. Whoever writes to the database cannot point at another version, or put other texts under its number. */
export function createInForceRow(needs: SealingNeeds, place: string) {
  return {
    seal: (made: { readonly version: number; readonly digest: string }, activations: number): string =>
      sealText(needs, place, `${made.version} ${activations} ${made.digest}`),
    /** Without a row nothing ever came into force. Throws `InForceUnreadable`. */
    open(row: { readonly version: number; readonly sealed: string } | undefined): Standing {
      if (row === undefined) return { version: 0, activations: 0 };
      let opened: string;
      try {
        opened = openText(needs.sealingKey, place, row.sealed);
      } catch (cause) {
        throw new InForceUnreadable(messageOf(cause), { cause });
      }
      const [, version, activations = '0', digest] = /^(\d+)(?: (\d+)(?: ([0-9a-f]{64}))?)?$/.exec(opened) ?? [];
      if (version !== String(row.version))
        throw new InForceUnreadable('the number of the version in force is not what was sealed');
      return {
        version: row.version,
        activations: Number(activations),
        ...(digest === undefined ? {} : { digest }),
      };
    },
  };
}
