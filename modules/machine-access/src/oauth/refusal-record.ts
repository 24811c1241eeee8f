import type { Client } from '@sallyport/platform/http';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import { tokenEvent } from '../audit-record.ts';
import type { MachineAccessNeeds } from '../needs.ts';
import { ClientRefused } from './client-authentication.ts';
import type { OAuthError } from './oauth-error.ts';

/** Twenty at once and one in two seconds stand one by one; what strangers make more than that is counted into the next. */
const rate = { perSecond: 0.5, burst: 20 };
/** Of what every client does on its way, nobody needs a record. */
const ordinary = new Set(['authorization_pending', 'slow_down', 'use_dpop_nonce']);

export type RefusalRecord = { record(error: OAuthError, client: Client): Promise<void> };

export function createRefusalRecord(needs: Pick<MachineAccessNeeds, 'database' | 'outbox' | 'clock'>): RefusalRecord {
  const { database, outbox, clock } = needs;
  const bucket = createTokenBucket(rate, clock.monotonicMs());
  let unrecorded = 0;
  return {
    async record(error, client) {
      if (ordinary.has(error.error)) return;
      if (!bucket.take(clock.monotonicMs(), 1)) {
        unrecorded += 1;
        return;
      }
      const more = unrecorded;
      unrecorded = 0;
      const { id, name } = error instanceof ClientRefused ? error.account : { id: '', name: '' };
      await database.transaction().execute((transaction) =>
        outbox.record(
          transaction,
          tokenEvent({
            nowMs: clock.nowMs(),
            action: 'token.refuse',
            actor: { kind: 'unknown', id: client.address, name: 'unauthenticated' },
            holder: { type: 'service account', id, name },
            client,
            refused: error.reason,
            details: { error: error.error, ...(more === 0 ? {} : { unrecorded_before: more }) },
          }),
        ),
      );
      await outbox.flushed();
    },
  };
}
