import { textOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { FrameHandlers } from '@sallyport/platform/frames';
import { LedgerError } from './errors.ts';
import type { KeptSecrets } from './needs.ts';

/** Secrets for the server process: those that are offered to it, by exact name. */
export function secretHandlers(needs: {
  readonly vault: KeptSecrets;
  readonly offeredSecrets: readonly string[];
}): FrameHandlers {
  function offered(name: JsonValue | undefined): string {
    if (typeof name === 'string' && needs.offeredSecrets.includes(name)) return name;
    throw new LedgerError('not_found', `Cannot hand out secret "${textOf(name)}": it is not offered to this process`);
  }

  return {
    'secret.open': ({ head: request }) => {
      const bytes = needs.vault.openSecret(offered(request['name']));
      return bytes === undefined ? { head: { found: false } } : { head: { found: true }, payload: bytes };
    },
    'secret.seal': ({ head: request, payload = new Uint8Array() }) => {
      needs.vault.sealSecret(offered(request['name']), payload);
      return { head: {} };
    },
  };
}
