import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { countRowsLeft } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { KeyVaultError } from '../errors.ts';

/** The keys of a module's encrypted columns, under the name of their secret in the vault. */
export type ColumnKeyring = { readonly name: string; readonly keys: ColumnKeys };

export type ColumnRotation = {
  readonly level: 'columns';
  readonly state: 'running' | 'done' | 'failed';
  /** Rows sealed anew, of how many there were. */
  readonly done: number;
  readonly total: number;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly error?: string;
};

export type ColumnKeysView = {
  readonly name: string;
  /** Newest first; the newest seals, the others open what is not sealed anew yet. */
  readonly versions: readonly number[];
  readonly tables: readonly string[];
  /** Since the server started. */
  readonly rotation: ColumnRotation | undefined;
};

/**
 * Replaces the keys of encrypted columns while everything goes on: a new version seals from now on, every row is sealed anew in
 * small transactions, and the former versions are forgotten when no value bears them. Where it stands shows in the values
 * themselves, so that it goes on after a stop at any place.
 */
export type ColumnRotations = {
  list(): readonly ColumnKeysView[];
  /** Answers once the new version is in the vault. Throws `vault_key_unknown`, `rotation_running`. */
  rotate(name: string): Promise<ColumnRotation>;
  /** Goes on with what an earlier run of the server left; called once, when the tables are there. */
  resume(): void;
  /** Resolves when nothing is being sealed anew, after the row it is at. */
  close(): Promise<void>;
};

/** What began before the new version was there has long ended by then, so that no value under a former one can still come. */
const forgetAfterMs = 300_000;

export function createColumnRotations(needs: {
  readonly keyrings: readonly ColumnKeyring[];
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves after `ms`; rejects when `signal` is aborted before. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told at the end of each rotation that somebody asked for or that was resumed. Must not throw. */
  readonly onEnded: (name: string, rotation: ColumnRotation) => void;
}): ColumnRotations {
  const { keyrings, database, clock, log, delay } = needs;
  const rotations = new Map<string, ColumnRotation>();
  const working = new Set<Promise<void>>();
  const starting = new Set<string>();
  const stopped = new AbortController();

  /** Rows to be sealed anew. */
  const left = async ({ keys }: ColumnKeyring): Promise<number> => {
    let rows = 0;
    for (const { table, columns } of keys.protectedTables())
      rows += await countRowsLeft(database, table, columns, keys.newest());
    return rows;
  };

  /** Seals anew what is left; how many rows do not open. */
  async function resealAll(keyring: ColumnKeyring): Promise<number> {
    let damaged = 0;
    let before = 0;
    for (const table of keyring.keys.protectedTables()) {
      const end = await table.reencrypt(database, {
        signal: stopped.signal,
        onDamaged: ({ message, details }) => log.error(message, details),
        onProgress: ({ resealed }) => note(keyring.name, { done: before + resealed }),
      });
      before += end.resealed;
      damaged += end.damaged;
      if (stopped.signal.aborted) break;
    }
    return damaged;
  }

  const note = (name: string, change: Partial<ColumnRotation>): void => {
    const standing = rotations.get(name);
    if (standing !== undefined) rotations.set(name, { ...standing, ...change });
  };

  async function run(keyring: ColumnKeyring, isFresh: boolean): Promise<void> {
    const { name, keys } = keyring;
    const version = keys.newest();
    try {
      const damaged = await resealAll(keyring);
      if (stopped.signal.aborted) return;
      const rows = await left(keyring);
      end(name, damaged + rows === 0 ? undefined : whyNot(damaged, rows));
      if (damaged + rows > 0) return;
      // After a start nobody has anything left under way.
      if (isFresh) await delay(forgetAfterMs, stopped.signal);
      if (keys.newest() === version && (await left(keyring)) === 0) await keys.forgetOlder();
    } catch (error) {
      if (stopped.signal.aborted) return;
      log.error('The keys of encrypted columns were not replaced to the end', { keys: name, reason: messageOf(error) });
      if (rotations.get(name)?.state === 'running') end(name, messageOf(error));
    }
  }

  function end(name: string, error: string | undefined): void {
    note(name, {
      state: error === undefined ? 'done' : 'failed',
      endedAtMs: clock.nowMs(),
      ...(error === undefined ? {} : { error }),
    });
    const rotation = rotations.get(name);
    if (rotation !== undefined) needs.onEnded(name, rotation);
  }

  function begin(keyring: ColumnKeyring, isFresh: boolean, total: number): ColumnRotation {
    const rotation: ColumnRotation = { level: 'columns', state: 'running', done: 0, total, startedAtMs: clock.nowMs() };
    rotations.set(keyring.name, rotation);
    const work = run(keyring, isFresh);
    working.add(work);
    void work.then(() => working.delete(work));
    return rotation;
  }

  async function beginFresh(keyring: ColumnKeyring): Promise<ColumnRotation> {
    const { name, keys } = keyring;
    if (starting.has(name) || rotations.get(name)?.state === 'running')
      throw new KeyVaultError('rotation_running', `Cannot rotate "${name}": a rotation of it is under way`);
    starting.add(name);
    try {
      await keys.rotate();
      return begin(keyring, true, await left(keyring));
    } catch (error) {
      if (codeOf(error) !== 'keys_invalid') throw error;
      throw new KeyVaultError('state_refused', messageOf(error), { cause: error });
    } finally {
      starting.delete(name);
    }
  }

  return {
    list: () =>
      keyrings.map(({ name, keys }) => ({
        name,
        versions: keys.versions(),
        tables: keys.protectedTables().map(({ table }) => table),
        rotation: rotations.get(name),
      })),
    async rotate(name) {
      const keyring = keyrings.find((one) => one.name === name);
      if (keyring === undefined) {
        const known = keyrings.map((one) => one.name).join(', ');
        throw new KeyVaultError('vault_key_unknown', `Cannot rotate "${name}": must be one of ${known}`);
      }
      return beginFresh(keyring);
    },
    resume() {
      for (const keyring of keyrings) {
        if (keyring.keys.versions().length < 2) continue;
        left(keyring)
          .then((total) => begin(keyring, false, total))
          .catch((error: unknown) =>
            log.error('The keys of encrypted columns wait to be replaced', {
              keys: keyring.name,
              reason: messageOf(error),
            }),
          );
      }
    },
    async close() {
      stopped.abort();
      await Promise.all(working);
    },
  };
}

function whyNot(damaged: number, rows: number): string {
  const what = damaged > 0 ? `${damaged} rows do not open` : `${rows} rows are not sealed anew`;
  return `${what}; the former versions of the keys are kept`;
}
