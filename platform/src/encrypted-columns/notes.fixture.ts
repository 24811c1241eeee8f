import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';
import { blindIndex, createEncryptedColumns, encrypted, openColumnKeys } from './encrypted-columns.ts';
import type { BlindIndex, ColumnKeys, Encrypted, EncryptedColumns, Opened } from './encrypted-columns.ts';

export type NoteTables = {
  notes: {
    id: string;
    size: number;
    title: Encrypted;
    title_key: BlindIndex;
    place: Encrypted<string | null>;
    place_key: BlindIndex;
    body: Encrypted<string | null>;
  };
  drafts: { id: string; note_id: string; title: Encrypted; title_key: BlindIndex };
  tags: { note_id: string; tag: string };
};
/** What stands in the database. */
export type StoredTables = {
  notes: {
    id: string;
    size: number;
    title: string;
    title_key: string;
    place: string | null;
    place_key: string | null;
    body: string | null;
  };
  drafts: { id: string; note_id: string; title: string; title_key: string };
};

/** A row of `notes` as it is written and read. */
export const noteRow = (id: string, title: string, place: string | null = null): Opened<NoteTables>['notes'] => ({
  id,
  size: 1,
  title,
  place,
  body: `about ${title}`,
});

export async function createNoteTables({ schema }: Database): Promise<void> {
  await schema
    .createTable('notes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('title_key', 'text', (column) => column.notNull().unique())
    .addColumn('place', 'text')
    .addColumn('place_key', 'text')
    .addColumn('body', 'text')
    .execute();
  await schema
    .createTable('drafts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('note_id', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('title_key', 'text', (column) => column.notNull())
    .execute();
  await schema.createTable('tags').addColumn('note_id', 'text').addColumn('tag', 'text').execute();
}

/** Titles are one whatever their case; places have a short index. */
export function noteColumns(keys: ColumnKeys, random: (length: number) => Uint8Array): EncryptedColumns<NoteTables> {
  const title = encrypted({ index: blindIndex('title_key', { normalise: (text) => text.toLowerCase() }) });
  const place = encrypted({ index: blindIndex('place_key', { bytes: 4 }) });
  return createEncryptedColumns<NoteTables>({
    keys,
    random,
    tables: {
      notes: { row: 'id', columns: { title, place, body: encrypted() } },
      drafts: { row: 'id', columns: { title } },
      tags: { row: 'note_id', columns: {} },
    },
  });
}

/** A vault in memory; `secrets` is what it keeps. */
export async function noteKeys(tenant = 'tenant-a', secrets = new Map<string, Uint8Array>()): Promise<ColumnKeys> {
  const store = {
    open: async (name: string) => secrets.get(name),
    seal: async (name: string, bytes: Uint8Array) => void secrets.set(name, Buffer.from(bytes)),
  };
  return openColumnKeys({ store, name: 'notes/columns', tenant, random: countingRandom() });
}

/** The same bytes in every run, another value at each call. */
export function countingRandom(seed = 0): (length: number) => Uint8Array {
  let count = seed;
  return (length) => {
    count += 1;
    return createHash('shake256', { outputLength: length }).update(String(count)).digest();
  };
}
