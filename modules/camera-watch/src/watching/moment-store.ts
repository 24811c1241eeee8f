import { createHmac } from 'node:crypto';
import { parseJson } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { momentKinds, momentStates } from './moment.ts';
import type { MomentPart, SeenMoment } from './moment.ts';
import { earlierRow } from './sealed-row.ts';

type Row = {
  id: string;
  camera_id: string;
  group_tag: string;
  from_ms: number;
  to_ms: number;
  state: string;
  sealed: Encrypted;
};
type Tables = { camera_moments: Row };

const Kept = Type.Object({
  kind: Type.Enum([...momentKinds]),
  label: Type.Optional(Type.String()),
  zone: Type.Optional(Type.String()),
  picture: Type.Optional(Type.String()),
  score: Type.Number(),
  count: Type.Number(),
  by: Type.Optional(Type.Object({ id: Type.String(), name: Type.String() })),
});

export type MomentFilter = {
  readonly state?: SeenMoment['state'] | undefined;
  readonly cameraId?: string | undefined;
  /** An id: only what came before it. */
  readonly before?: string | undefined;
  readonly limit: number;
};

/** Moments, newest first; so many of a camera and in all: of more than that the oldest seen ones go, then the oldest. */
export type MomentStore = {
  /** Seals what an earlier version sealed by hand; awaited before anything is asked. */
  takeOver(): Promise<void>;
  /** Into the open one of the same kind, label and place where that ended within two minutes, else a new one. */
  add(transaction: Transaction, cameraId: string, part: MomentPart, picture: string | undefined): Promise<void>;
  list(filter: MomentFilter): Promise<SeenMoment[]>;
  find(connection: Database | Transaction, id: string): Promise<SeenMoment | undefined>;
  markSeen(
    transaction: Transaction,
    moment: SeenMoment,
    by: { readonly id: string; readonly name: string },
  ): Promise<void>;
  /** That touch a time, oldest first. */
  between(cameraId: string, fromMs: number, toMs: number): Promise<SeenMoment[]>;
  forget(transaction: Transaction, cameraId: string): Promise<void>;
};

const mergeMs = 120_000;
/** However it goes on, after this a new one begins. */
const longestMs = 3_600_000;
const shownBetween = 500;

export function createMomentStore(needs: {
  readonly database: Database;
  /** Groups moments, and opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly momentsPerCamera: number;
  readonly moments: number;
}): MomentStore {
  const { sealingKey } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { camera_moments: { row: 'id', columns: { sealed: encrypted({ padBytes: 128 }) } } },
  });
  // One that does not open is left out: the others are to be seen.
  const view = (connection: Database | Transaction) => columns.on(connection, { onDamaged: () => undefined });

  function fromRow(row: Opened<Tables>['camera_moments']): SeenMoment[] {
    const value: unknown = parseJson(row.sealed);
    const state = momentStates.find((known) => known === row.state);
    if (!Check(Kept, value) || state === undefined) return [];
    return [{ ...value, id: row.id, cameraId: row.camera_id, fromMs: row.from_ms, toMs: row.to_ms, state }];
  }

  function sealedOf({ kind, label, zone, picture, score, count, by }: SeenMoment): string {
    return JSON.stringify({
      kind,
      ...(label === undefined ? {} : { label }),
      ...(zone === undefined ? {} : { zone }),
      ...(picture === undefined ? {} : { picture }),
      score,
      count,
      ...(by === undefined ? {} : { by: { ...by } }),
    });
  }

  function tagOf(cameraId: string, { kind, label, zone }: MomentPart): string {
    // Tampering goes on when it becomes another kind of it.
    const what = kind === 'tampered' ? '' : (label ?? '');
    return createHmac('sha256', sealingKey)
      .update(JSON.stringify(['camera-moment', cameraId, kind, what, zone ?? '']))
      .digest('hex')
      .slice(0, 32);
  }

  async function makeRoom(transaction: Transaction, cameraId: string | undefined, limit: number): Promise<void> {
    const tables = view(transaction);
    let counting = tables.selectFrom('camera_moments').select(({ fn }) => fn.countAll().as('held'));
    let oldest = tables.selectFrom('camera_moments').select('id').orderBy('state', 'desc').orderBy('id');
    if (cameraId !== undefined) {
      counting = counting.where('camera_id', '=', cameraId);
      oldest = oldest.where('camera_id', '=', cameraId);
    }
    const over = Number((await counting.executeTakeFirstOrThrow()).held) - limit;
    if (over <= 0) return;
    const gone = await oldest.limit(over).execute();
    await tables
      .deleteFrom('camera_moments')
      .where(
        'id',
        'in',
        gone.map(({ id }) => id),
      )
      .execute();
  }

  return {
    async takeOver() {
      const sealed = earlierRow(sealingKey, ({ id }) => `camera-moment/${String(id)}`);
      await columns.reencrypt(needs.database, 'camera_moments', { earlier: { sealed } });
    },
    async add(transaction, cameraId, part, picture) {
      const tables = view(transaction);
      const tag = tagOf(cameraId, part);
      const row = await tables
        .selectFrom('camera_moments')
        .selectAll()
        .where('camera_id', '=', cameraId)
        .where('group_tag', '=', tag)
        .where('state', '=', 'open')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      const [known] = row === undefined ? [] : fromRow(row);
      const isMore =
        known !== undefined && part.fromMs - known.toMs <= mergeMs && part.toMs - known.fromMs <= longestMs;
      if (known !== undefined && (part.isEnd || isMore)) {
        const isBetter = picture !== undefined && (known.picture === undefined || part.score > known.score);
        const grown: SeenMoment = {
          ...known,
          toMs: Math.max(known.toMs, part.toMs),
          score: Math.max(known.score, part.score),
          count: known.count + (part.isEnd ? 0 : 1),
          ...(isBetter ? { picture } : {}),
        };
        await tables
          .updateTable('camera_moments')
          .set({ to_ms: grown.toMs, sealed: sealedOf(grown) })
          .where('id', '=', known.id)
          .execute();
        return;
      }
      if (part.isEnd) return;
      const { isEnd: _isEnd, ...rest } = part;
      const id = momentId(part.fromMs, needs.random(6));
      const made: SeenMoment = {
        ...rest,
        id,
        cameraId,
        toMs: Math.max(part.fromMs, part.toMs),
        count: 1,
        state: 'open',
        ...(picture === undefined ? {} : { picture }),
      };
      await tables
        .insertInto('camera_moments')
        .values({
          id,
          camera_id: cameraId,
          group_tag: tag,
          from_ms: made.fromMs,
          to_ms: made.toMs,
          state: made.state,
          sealed: sealedOf(made),
        })
        .execute();
      await makeRoom(transaction, cameraId, needs.momentsPerCamera);
      await makeRoom(transaction, undefined, needs.moments);
    },
    async list({ state, cameraId, before, limit }) {
      let query = view(needs.database).selectFrom('camera_moments').selectAll().orderBy('id', 'desc').limit(limit);
      if (state !== undefined) query = query.where('state', '=', state);
      if (cameraId !== undefined) query = query.where('camera_id', '=', cameraId);
      if (before !== undefined) query = query.where('id', '<', before);
      return (await query.execute()).flatMap(fromRow);
    },
    async find(connection, id) {
      const row = await view(connection)
        .selectFrom('camera_moments')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : fromRow(row)[0];
    },
    async markSeen(transaction, moment, { id, name }) {
      const seen: SeenMoment = { ...moment, state: 'seen', by: { id, name } };
      await view(transaction)
        .updateTable('camera_moments')
        .set({ state: 'seen', sealed: sealedOf(seen) })
        .where('id', '=', moment.id)
        .execute();
    },
    async between(cameraId, fromMs, toMs) {
      const rows = await view(needs.database)
        .selectFrom('camera_moments')
        .selectAll()
        .where('camera_id', '=', cameraId)
        .where('from_ms', '<=', toMs)
        .where('to_ms', '>=', fromMs)
        .orderBy('id')
        .limit(shownBetween)
        .execute();
      return rows.flatMap(fromRow);
    },
    async forget(transaction, cameraId) {
      await view(transaction).deleteFrom('camera_moments').where('camera_id', '=', cameraId).execute();
    },
  };
}

/** Sorts as text the way it sorts by time. */
function momentId(fromMs: number, random: Uint8Array): string {
  return `${Math.max(0, fromMs).toString(16).padStart(12, '0')}-${Buffer.from(random).toString('hex')}`;
}
