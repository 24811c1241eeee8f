import { isJsonObject, parseJson } from '@sallyport/contracts';
import { readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';

/** What is known of a log of the server: its key, and the newest checkpoint that was verified with it, as it was signed. */
export type KnownLog = { readonly verifierKey: string; readonly checkpoint: string };

export type LogTrust = {
  of(log: number): KnownLog | undefined;
  keep(log: number, known: KnownLog): void;
};

/** Kept over restarts: what a server once signed cannot be taken back by waiting for a start of ours. */
export function createLogTrust(file: string): LogTrust {
  const logs = load(file);
  return {
    of: (log) => logs.get(log),
    keep(log, known) {
      const before = logs.get(log);
      if (before?.checkpoint === known.checkpoint && before.verifierKey === known.verifierKey) return;
      logs.set(log, known);
      writeFileDurably(file, Buffer.from(JSON.stringify(Object.fromEntries(logs))));
    },
  };
}

function load(file: string): Map<number, KnownLog> {
  const found = new Map<number, KnownLog>();
  const bytes = readFileIfPresent(file);
  if (bytes === undefined) return found;
  const value = parseJson(bytes.toString('utf8'));
  for (const [number, kept] of Object.entries(isJsonObject(value) ? value : {})) {
    if (!isJsonObject(kept)) continue;
    const { verifierKey, checkpoint } = kept;
    if (typeof verifierKey === 'string' && typeof checkpoint === 'string')
      found.set(Number(number), { verifierKey, checkpoint });
  }
  return found;
}
