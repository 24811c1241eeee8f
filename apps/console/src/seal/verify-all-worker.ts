// Walks a whole log in a thread of its own: every tile, every entry, up to the signed root.
import { parseVerifierKey, verifyTileLog } from '@sallyport/merkle-log';
import { toBase64 } from './browser/text-encodings.ts';
import { readBounded } from './read-bounded.ts';
import type { VerifyAllMessage, VerifyAllRequest } from './verify-all-protocol.ts';

const progressEveryMs = 100;

function tell(message: VerifyAllMessage): void {
  postMessage(message);
}

async function verifyAll({ log, verifierKey, minimumIndex }: VerifyAllRequest): Promise<VerifyAllMessage> {
  const startedAt = performance.now();
  let toldAt = 0;
  const result = await verifyTileLog({
    verifierKeys: [parseVerifierKey(verifierKey)],
    minimumIndex,
    async read(path) {
      const response = await fetch(`/v1/ledger/logs/${log}/${path}`, { credentials: 'same-origin' });
      if (response.status === 404 || response.status === 410) return undefined;
      if (!response.ok) throw new Error(`The server answered ${response.status} for ${path}`);
      return readBounded(response, path);
    },
    onProgress({ leaves, treeSize }) {
      if (performance.now() - toldAt < progressEveryMs) return;
      toldAt = performance.now();
      tell({ kind: 'progress', leaves, treeSize });
    },
  });
  if (!result.ok) return { kind: 'refused', path: result.path, offset: result.offset, reason: result.reason };
  const { treeSize, root, entries, hashTiles, entryBundles } = result;
  return {
    kind: 'verified',
    treeSize,
    root: toBase64(root),
    entries,
    files: hashTiles + entryBundles + 1,
    elapsedMs: performance.now() - startedAt,
  };
}

addEventListener('message', (event: MessageEvent<VerifyAllRequest>) => {
  verifyAll(event.data).then(tell, (error: unknown) =>
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
