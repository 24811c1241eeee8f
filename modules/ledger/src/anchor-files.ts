import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '@sallyport/contracts';
import { codeOf } from '@sallyport/platform/errors';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import { isDiskFull } from './disk-errors.ts';
import { LedgerError } from './errors.ts';

/** What vouches for checkpoints, beside them: `logs/N/anchors/SIZE.checkpoint`, and `SIZE-AUTHORITY.tst` (an RFC 3161 token in DER). */
const fileName = /^[1-9][0-9]{0,15}(\.checkpoint|-[0-9a-f]{16}\.tst)$/;
const maxAnchorBytes = 256 * 1024;

/** The sealer's side: bytes that others understand, under names that cannot lead elsewhere. */
export function createAnchorFrames(needs: {
  readonly directoryOf: (log: unknown) => string;
  readonly fatal: (error: unknown) => never;
}): FrameHandlers {
  const place = (head: { readonly [name: string]: unknown }): { directory: string; name: string } => {
    const name = typeof head['name'] === 'string' ? head['name'] : '';
    if (!fileName.test(name)) throw new LedgerError('not_found', `Cannot find anchor "${name.slice(0, 100)}"`);
    return { directory: join(needs.directoryOf(head['log']), 'anchors'), name };
  };
  return {
    'anchor.keep': ({ head, payload = new Uint8Array() }) => {
      const { directory, name } = place(head);
      if (payload.length === 0 || payload.length > maxAnchorBytes)
        throw new LedgerError('entry_invalid', `Cannot keep anchor "${name}": it has ${payload.length} bytes`);
      try {
        makePrivateDirectory(directory);
        writeFileDurably(join(directory, name), payload);
      } catch (error) {
        if (!isDiskFull(error)) needs.fatal(error);
        throw new LedgerError('disk_low', 'Cannot keep the anchor: the disk is full', { cause: error });
      }
      return { head: {} };
    },
    'anchor.read': ({ head }) => {
      const { directory, name } = place(head);
      const bytes = readFileIfPresent(join(directory, name));
      if (bytes === undefined) throw new LedgerError('not_found', `Cannot find anchor "${name}"`);
      return { head: {}, payload: bytes };
    },
    'anchor.list': ({ head }) => ({ head: { names: namesIn(join(needs.directoryOf(head['log']), 'anchors')) } }),
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => fileName.test(name));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The server's side. */
export type AnchorFiles = {
  keepAnchor(log: number, name: string, bytes: Uint8Array): Promise<void>;
  /** Throws `not_found`. */
  readAnchor(log: number, name: string): Promise<Uint8Array>;
  anchorNames(log: number): Promise<readonly string[]>;
};

export function createAnchorFiles(call: (method: string, request: FrameBody) => Promise<FrameBody>): AnchorFiles {
  return {
    async keepAnchor(log, name, payload) {
      await call('anchor.keep', { head: { log, name }, payload });
    },
    readAnchor: async (log, name) => (await call('anchor.read', { head: { log, name } })).payload ?? new Uint8Array(),
    async anchorNames(log) {
      const { names } = (await call('anchor.list', { head: { log } })).head;
      return Array.isArray(names) ? names.map(textOf) : [];
    },
  };
}

export function tokenFileName(size: number, authorityId: string): string {
  return `${size}-${authorityId}.tst`;
}

export function checkpointFileName(size: number): string {
  return `${size}.checkpoint`;
}
