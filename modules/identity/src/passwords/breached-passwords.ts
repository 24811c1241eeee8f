import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import { makePrivateDirectory, syncDirectory } from '@sallyport/platform/files';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import {
  createBreachedFileWriter,
  openBreachedFile,
  type BreachedFile,
  type BreachedFileFacts,
} from './breached-file.ts';
import { createBreachedLines } from './breached-lines.ts';

/** An import goes on in parts, since the list may be larger than any request: each says where it begins. */
export type BreachedImport = { readonly id: string; readonly receivedBytes: number };

/**
 * Passwords known from breaches, looked up here and nowhere else: no hash, and no part of one, leaves this machine. Without a list
 * nothing is refused for being on it. A list that cannot be read refuses every new password: deny when unsure.
 */
export type BreachedPasswords = {
  status(): Promise<BreachedFileFacts | 'none' | 'damaged'>;
  /** As typed and in the form it is compared in. Throws `breached_list_damaged`. */
  has(password: string): Promise<boolean>;
  /** In place of any import under way; the list in use stays until it is complete. */
  begin(): Promise<BreachedImport>;
  /** Throws `breached_import_unknown`, `breached_import_out_of_step`, and `breached_list_invalid`, which gives the import up. */
  add(part: { readonly id: string; readonly at: number; readonly bytes: Uint8Array }): Promise<BreachedImport>;
  /** Throws `breached_import_unknown`, `breached_list_invalid`. */
  complete(request: { readonly id: string; readonly by: Principal }): Promise<BreachedFileFacts>;
  remove(by: Principal): Promise<void>;
  close(): Promise<void>;
};

/** Read at one go before others have their turn. */
const sliceBytes = 128 * 1024;
const updateActivity = 3;
const deleteActivity = 4;

export function createBreachedPasswords(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & { readonly directory: string },
): BreachedPasswords {
  const { database, outbox, clock } = needs;
  const path = join(needs.directory, 'breached.bin');
  makePrivateDirectory(needs.directory);
  let opened: Promise<BreachedFile | undefined> | undefined;
  let running:
    | {
        readonly id: string;
        received: number;
        isBusy: boolean;
        readonly lines: ReturnType<typeof createBreachedLines>;
        readonly writer: ReturnType<typeof createBreachedFileWriter>;
      }
    | undefined;

  const file = (): Promise<BreachedFile | undefined> => (opened ??= openBreachedFile(path));
  const reopen = async (): Promise<void> => {
    const before = opened;
    opened = undefined;
    await before?.then(
      (one) => one?.close(),
      () => undefined,
    );
  };
  const giveUp = (): void => {
    running?.writer.abandon();
    running = undefined;
  };
  const underWay = (id: string): NonNullable<typeof running> => {
    if (running?.id === id && !running.isBusy) return running;
    throw new IdentityError('breached_import_unknown', 'Cannot go on with the import: another one began, or it ended');
  };
  const record = async (by: Principal, activityId: number, details: { readonly entries: number }): Promise<void> => {
    const event = auditEvent({
      nowMs: clock.nowMs(),
      actor: { kind: by.kind, id: by.id, name: by.name },
      action: 'settings.change',
      classUid: ocsfClass.entityManagement,
      activityId,
      outcome: 'success',
      target: { type: 'setting', id: 'breached-passwords' },
      details,
    });
    await database.transaction().execute((transaction) => outbox.record(transaction, event));
    await outbox.flushed();
  };

  return {
    async status() {
      try {
        return (await file())?.facts ?? 'none';
      } catch (error) {
        if (error instanceof IdentityError && error.code === 'breached_list_damaged') return 'damaged';
        throw error;
      }
    },

    async has(password) {
      const list = await file();
      if (list === undefined) return false;
      for (const form of new Set([password, password.normalize('NFC'), password.normalize('NFKC')])) {
        // SHA-1 is what such lists are made of; nothing rests on it here.
        const hash = createHash('sha1').update(form).digest();
        if (await list.has(hash.readUInt16BE(0), hash.readUInt32BE(2))) return true;
      }
      return false;
    },

    async begin() {
      giveUp();
      const writer = createBreachedFileWriter(path);
      running = {
        id: randomUUID(),
        received: 0,
        isBusy: false,
        lines: createBreachedLines((bucket, rest) => writer.add(bucket, rest)),
        writer,
      };
      return { id: running.id, receivedBytes: 0 };
    },

    async add({ id, at, bytes }) {
      const own = underWay(id);
      if (at !== own.received)
        throw new IdentityError(
          'breached_import_out_of_step',
          `Cannot take a part that begins at ${at}: must begin at ${own.received}`,
          { details: { receivedBytes: own.received } },
        );
      own.isBusy = true;
      try {
        for (let from = 0; from < bytes.length; from += sliceBytes) {
          own.lines.push(bytes.subarray(from, from + sliceBytes));
          await turn();
          if (running !== own) throw new IdentityError('breached_import_unknown', 'Cannot go on: another import began');
        }
      } catch (error) {
        if (running === own) giveUp();
        throw error;
      }
      own.isBusy = false;
      own.received += bytes.length;
      return { id, receivedBytes: own.received };
    },

    async complete({ id, by }) {
      const own = underWay(id);
      try {
        if (own.lines.end() === 0)
          throw new IdentityError('breached_list_invalid', 'Cannot use the list: it is empty', {
            details: { line: 1 },
          });
        const facts = own.writer.finish(clock.nowMs());
        running = undefined;
        await reopen();
        await record(by, updateActivity, { entries: facts.entries });
        return facts;
      } catch (error) {
        if (running === own) giveUp();
        throw error;
      }
    },

    async remove(by) {
      giveUp();
      await reopen();
      rmSync(path, { force: true });
      syncDirectory(needs.directory);
      await record(by, deleteActivity, { entries: 0 });
    },

    async close() {
      giveUp();
      await reopen();
    },
  };
}
