import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChild } from './child-process.ts';
import { formatSealerFlags } from './sealer-flags.ts';

test('a sealer that cannot start says why, whatever it is asked first', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'sealer-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const flags = formatSealerFlags({
    dataDirectory: root,
    unsealing: { kind: 'passphrase', file: join(root, 'nowhere') },
    diskWatermarkBytes: 0,
    diskReserveBytes: 0,
    destructionWaitMs: 0,
  });
  const entry = new URL('./sealer.ts', import.meta.url);
  const { peer } = startChild({ entry, flags, environment: {} });
  context.after(async () => {
    peer.close();
    await peer.closed;
  });
  const hint = 'give SALLYPORT_PASSPHRASE_FILE a file the server may read';
  for (const first of ['vault.open', 'begin', 'open'])
    await assert.rejects(peer.call(first, { head: {} }), { code: 'config_invalid', hint });
});
