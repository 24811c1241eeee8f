import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createVaultClient, createVaultMemory, createVaultRoutes } from '@sallyport/key-vault/server';
import type { ColumnRotation, ColumnRotations, VaultAct, VaultClient } from '@sallyport/key-vault/server';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, AuditInput, Outbox } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import type { Children } from './children.ts';

/** The vault's side of the server. It is there before the outbox, whose key it keeps. */
export type VaultServices = {
  readonly client: VaultClient;
  /** From here on, what happens to keys is recorded. */
  routes(outbox: Outbox, columns: Pick<ColumnRotations, 'list' | 'rotate'>): RoutePlugin;
  /** Records that the keys of some columns were replaced, or why not. */
  columnsRotated(name: string, rotation: ColumnRotation): void;
  /** Who is told that keys are beyond recall. */
  onDestroyed(listener: (keyIds: readonly string[]) => void): void;
};

const rotationEnded = 'vault.rotated';

export function createVaultServices(needs: {
  readonly children: Pick<Children, 'startSealer'>;
  readonly database: Database;
  readonly afterRestore: boolean;
  readonly nowMs: () => number;
  readonly log: Log;
}): VaultServices {
  const { database, log, nowMs } = needs;
  let outbox: Outbox | undefined;
  const destroyedListeners: ((keyIds: readonly string[]) => void)[] = [];

  const record = async (input: Omit<AuditInput, 'nowMs' | 'classUid' | 'activityId'>): Promise<void> => {
    const known = outbox;
    if (known === undefined) return;
    const event = auditEvent({ ...input, nowMs: nowMs(), classUid: ocsfClass.entityManagement, activityId: 3 });
    await database.transaction().execute(async (transaction) => known.record(transaction, event));
    await known.flushed();
  };
  const recordEnd = async (head: JsonObject): Promise<void> => {
    const { level, outcome, reason } = head;
    await record({
      actor: vaultItself,
      action: rotationEnded,
      outcome: outcome === 'success' ? 'success' : 'failure',
      target: { type: 'key', id: typeof level === 'string' ? level : 'unknown' },
      ...(reason === undefined ? {} : { details: { reason } }),
    });
  };
  const notRecorded = (error: unknown): void =>
    log.error('The end of a key rotation was not recorded', { reason: messageOf(error) });
  const client = createVaultClient({
    startSealer: needs.children.startSealer,
    memory: createVaultMemory(database),
    afterRestore: needs.afterRestore,
    onRotated: (head) => {
      recordEnd(head).catch(notRecorded);
    },
    onDestroyed(keyIds) {
      for (const listener of destroyedListeners) listener(keyIds);
    },
  });
  return {
    client,
    onDestroyed(listener) {
      destroyedListeners.push(listener);
    },
    columnsRotated(name, { state, done, error }) {
      record({
        actor: vaultItself,
        action: rotationEnded,
        outcome: state === 'done' ? 'success' : 'failure',
        target: { type: 'key', id: name },
        details: { level: 'columns', rows: done, ...(error === undefined ? {} : { reason: error }) },
      }).catch(notRecorded);
    },
    routes(given, columns) {
      outbox = given;
      const recordAct = async ({ principal, action, outcome, target, details }: VaultAct): Promise<void> =>
        record({ actor: actorOf(principal), action, outcome, target, details });
      return createVaultRoutes(client, recordAct, columns);
    },
  };
}

const vaultItself: Actor = { kind: 'server', id: 'vault', name: 'Key vault' };

function actorOf({ kind, id, name }: VaultAct['principal']): Actor {
  return { kind, id, name };
}
