import { createDecipheriv } from 'node:crypto';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, EncryptedColumnError } from '@sallyport/platform/encrypted-columns';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { createSecret, type Secret } from '@sallyport/platform/secret';

/** A camera that is fetched from. Its address may hold a password. */
export type NetworkCamera = {
  readonly id: string;
  readonly name: string;
  readonly place: string;
  readonly site: string;
  readonly url: Secret;
  /** Whether its sound is fetched and recorded: for people to decide, never on by itself. */
  readonly sound: boolean;
  /** SHA-256 of the certificate an operator trusts, as `fingerprintFrom` writes it; undefined to ask the authorities. */
  readonly tlsFingerprint: string | undefined;
};

type Tables = { camera_network: { id: string; sealed: Encrypted } };

/** Rows of network cameras: all but the id in one encrypted column. */
export type CameraStore = {
  /** Rows that do not open are told of and left out: one damaged row must not keep the others from being watched. */
  readAll(): Promise<readonly NetworkCamera[]>;
  save(transaction: Transaction, camera: NetworkCamera): Promise<void>;
  remove(transaction: Transaction, id: string): Promise<void>;
};

export function createCameraStore(needs: {
  readonly database: Database;
  /** Opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
}): CameraStore {
  const { database, log } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { camera_network: { row: 'id', columns: { sealed: encrypted({ padBytes: 256 }) } } },
  });
  const tell = (camera: unknown, message: string): void =>
    log.error('A kept camera cannot be read', { camera: String(camera), message });
  const onDamaged = ({ details, message }: EncryptedColumnError): void => tell(details['row'], message);
  return {
    async readAll() {
      const earlier = {
        sealed: (stored: string, row: Readonly<Record<string, unknown>>): string =>
          open(needs.sealingKey, String(row['id']), stored),
      };
      // What does not open is told of when it is read.
      await columns.reencrypt(database, 'camera_network', { earlier });
      const rows = await columns.on(database, { onDamaged }).selectFrom('camera_network').selectAll().execute();
      return rows.flatMap(({ id, sealed }): NetworkCamera[] => {
        try {
          const read = parseJson(sealed);
          if (!isJsonObject(read)) throw new TypeError('Cannot read the row: must be an object');
          const text = (name: string): string => textOf(read[name]);
          const names = { name: text('name'), place: text('place'), site: text('site') };
          const tlsFingerprint = text('tlsFingerprint') || undefined;
          return [{ id, ...names, url: createSecret(text('url')), sound: read['sound'] === true, tlsFingerprint }];
        } catch (error) {
          tell(id, messageOf(error));
          return [];
        }
      });
    },
    async save(transaction, { id, url, ...rest }) {
      const sealed = JSON.stringify({ ...rest, url: url.reveal() });
      await columns
        .on(transaction)
        .insertInto('camera_network')
        .values({ id, sealed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
        .execute();
    },
    async remove(transaction, id) {
      await columns.on(transaction).deleteFrom('camera_network').where('id', '=', id).execute();
    },
  };
}

/** A row as earlier versions sealed it: AES-256-GCM bound to its id. Throws when it was changed by somebody without the key. */
function open(key: Uint8Array, id: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
}
