import { createCipheriv, createDecipheriv } from 'node:crypto';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
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

type Tables = { camera_network: { id: string; sealed: string } };

/** Rows of network cameras, each sealed whole (AES-256-GCM, bound to its id). */
export type CameraStore = {
  readAll(): Promise<readonly NetworkCamera[]>;
  save(transaction: Transaction, camera: NetworkCamera): Promise<void>;
  remove(transaction: Transaction, id: string): Promise<void>;
};

export function createCameraStore(needs: {
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
}): CameraStore {
  const { sealingKey: key } = needs;
  return {
    async readAll() {
      const rows = await needs.database.withTables<Tables>().selectFrom('camera_network').selectAll().execute();
      return rows.flatMap(({ id, sealed }): NetworkCamera[] => {
        try {
          const read = parseJson(open(key, id, sealed));
          if (!isJsonObject(read)) throw new TypeError('Cannot read the row: must be an object');
          const text = (name: string): string => textOf(read[name]);
          const names = { name: text('name'), place: text('place'), site: text('site') };
          const tlsFingerprint = text('tlsFingerprint') || undefined;
          return [{ id, ...names, url: createSecret(text('url')), sound: read['sound'] === true, tlsFingerprint }];
        } catch (error) {
          // One damaged row must not keep the others from being watched.
          needs.log.error('A kept camera cannot be read', { camera: id, message: messageOf(error) });
          return [];
        }
      });
    },
    async save(transaction, { id, url, ...rest }) {
      const text = JSON.stringify({ ...rest, url: url.reveal() });
      const nonce = needs.random(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(id));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64',
      );
      await transaction
        .withTables<Tables>()
        .insertInto('camera_network')
        .values({ id, sealed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
        .execute();
    },
    async remove(transaction, id) {
      await transaction.withTables<Tables>().deleteFrom('camera_network').where('id', '=', id).execute();
    },
  };
}

/** Throws when the row was changed by somebody without the key. */
function open(key: Uint8Array, id: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
}
