import { readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { createSecret } from '@sallyport/platform/secret';
import { knownSegment, newSegment, segmentHeaderBytes } from '../spool/segment-format.ts';

/**
 * Which API key a batch was sent with. The server counts the numbers of a source within one key: a batch whose answer was lost
 * has to be asked about with the key it was sent with, also when another one lies in the key file by now, or after a restart.
 */
export type KeyInUse = {
  /** The key that counts now. Throws `key_unreadable`. */
  current(): string;
  /** The one that batches were last sent with. */
  kept(): string | undefined;
  keep(key: string): void;
};

/** The kept key is sealed with the key of the spool. It is never printed. */
export function createKeyInUse(needs: {
  readonly file: string;
  readonly spoolKey: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
  readonly current: () => string;
}): KeyInUse {
  const { file, spoolKey, random, current } = needs;
  let kept = load();

  function load(): { reveal(): string } | undefined {
    const bytes = readFileIfPresent(file);
    const opened = bytes === undefined ? undefined : knownSegment(spoolKey, bytes)?.open(bytes, segmentHeaderBytes);
    return opened === undefined ? undefined : createSecret(opened.plain.toString('utf8'));
  }

  return {
    current,
    kept: () => kept?.reveal(),
    keep(key) {
      if (kept?.reveal() === key) return;
      const cipher = newSegment(spoolKey, random(16));
      writeFileDurably(file, Buffer.concat([cipher.header, cipher.seal(Buffer.from(key), segmentHeaderBytes)]));
      kept = createSecret(key);
    },
  };
}
