// The sending side of the sensor with its real transport, clock and disk.
import { systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createKeyInUse } from '../send/key-in-use.ts';
import { createSender } from '../send/sender.ts';
import type { Sender } from '../send/sender.ts';
import { createTransport } from '../send/transport.ts';
import type { Transport } from '../send/transport.ts';
import { openSpool } from '../spool/spool.ts';
import type { Spool } from '../spool/spool.ts';

export function createSystemSending(needs: {
  readonly directory: string;
  readonly server: URL;
  readonly spoolKey: Uint8Array;
}): { readonly spool: Spool; readonly sender: Sender; readonly transport: Transport } {
  const { directory, server, spoolKey } = needs;
  const spool = openSpool({
    directory,
    key: spoolKey,
    random: randomBytes,
    limits: { maxBytes: 8 << 20, segmentBytes: 16 << 10 },
    lostLine: (report) => JSON.stringify({ lost: report.lost }),
  });
  const transport = createTransport({ server, key: () => 'key', trust: {} });
  const sender = createSender({
    spool,
    transport,
    clock: systemClock,
    random: () => 0.5,
    log: createLog({ clock: systemClock, write: () => undefined }),
    source: (installation) => `host-a.${installation}`,
    keys: createKeyInUse({ file: join(directory, 'sending.key'), spoolKey, random: randomBytes, current: () => 'key' }),
    onRenumbered: () => {
      throw new Error('Nobody else uses these numbers');
    },
    onMayRepeat: () => {
      throw new Error('The key is always the same');
    },
  });
  return { spool, sender, transport };
}
