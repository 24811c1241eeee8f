import type { LedgerClient } from '@sallyport/ledger';
import { openSeparateLedger } from './ledger-processes.ts';
import { createSeededRandom } from './seeded-random.ts';

const batchEntries = 1000;
const bodyBytes = 270;

/** A ledger with so many small events, in the product's own sealer process; it is closed when `use` is done. */
export async function fillLedger<Result>(
  directory: string,
  what: { readonly entries: number; readonly seed: number },
  use: (client: LedgerClient) => Promise<Result>,
): Promise<Result> {
  const random = createSeededRandom(what.seed);
  const { client, close } = await openSeparateLedger(directory, undefined);
  try {
    for (let first = 0; first < what.entries; first += batchEntries) {
      await client.append({
        collector: `intake/web-${first % 7}`,
        priority: 'intake',
        entries: Array.from({ length: Math.min(batchEntries, what.entries - first) }, (_, order) => {
          const start = `{"class_uid":1007,"n":${first + order},"device":{"hostname":"web-${random.integer(50)}"},"x":"`;
          const body = Buffer.from(`${start}${random.hex(bodyBytes - start.length - 2)}"}`);
          return { classUid: 1007, sequence: first + order, body };
        }),
      });
    }
    await client.checkpoint(1);
    return await use(client);
  } finally {
    await close();
  }
}
