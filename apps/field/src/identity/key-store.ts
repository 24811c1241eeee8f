/** The keys of this phone. Neither private part can be read by any page or extension, this one included. */
export type PhoneKeys = {
  /** ECDSA P-256: who this phone is. */
  readonly signing: CryptoKeyPair;
  /** AES-GCM, 256 bits: opens the recordings on this phone. */
  readonly recording: CryptoKey;
};

/** Under which name the server knows this phone. */
export type Identity = { readonly deviceId: string; readonly fingerprint: string };

export type KeyStore = {
  makeKeys(): Promise<PhoneKeys>;
  /** In place of whatever was kept. */
  keep(keys: PhoneKeys, identity: Identity): Promise<void>;
  read(): Promise<{ readonly keys: PhoneKeys; readonly identity: Identity } | undefined>;
  /** Nothing can be opened or signed afterwards, as far as a browser can promise it. */
  destroy(): Promise<void>;
};

const databaseName = 'sallyport-field';
const storeName = 'keys';

/** Also for the recording worker: both see the same database. */
export function createKeyStore(needs: {
  readonly indexedDB: IDBFactory;
  readonly subtle: Pick<SubtleCrypto, 'generateKey'>;
}): KeyStore {
  const { indexedDB, subtle } = needs;

  /** One transaction, and the database closed after it: an open one would keep another version of the page waiting. */
  async function within<Result>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result> {
    const opening = indexedDB.open(databaseName, 1);
    opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(storeName));
    const database = await resultOf(opening);
    try {
      const transaction = database.transaction(storeName, mode, { durability: 'strict' });
      const result = await resultOf(work(transaction.objectStore(storeName)));
      if (mode === 'readwrite') await completed(transaction);
      return result;
    } finally {
      database.close();
    }
  }

  return {
    async makeKeys() {
      const [signing, recording] = await Promise.all([
        subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
        subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
      ]);
      return { signing, recording };
    },
    async keep({ signing, recording }, identity) {
      await within('readwrite', (store) => store.put({ signing, recording, ...identity }, 'phone'));
    },
    async read() {
      const kept: unknown = await within<unknown>('readonly', (store) => store.get('phone'));
      return parseKept(kept);
    },
    async destroy() {
      await within('readwrite', (store) => store.clear());
      indexedDB.deleteDatabase(databaseName);
    },
  };
}

function parseKept(value: unknown): { readonly keys: PhoneKeys; readonly identity: Identity } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const kept = new Map<string, unknown>(Object.entries(value));
  const [deviceId, fingerprint] = [kept.get('deviceId'), kept.get('fingerprint')];
  const [signing, recording] = [pairOf(kept.get('signing')), kept.get('recording')];
  if (typeof deviceId !== 'string' || typeof fingerprint !== 'string') return undefined;
  if (signing === undefined || !(recording instanceof CryptoKey)) return undefined;
  return { keys: { signing, recording }, identity: { deviceId, fingerprint } };
}

function pairOf(value: unknown): CryptoKeyPair | undefined {
  if (typeof value !== 'object' || value === null || !('privateKey' in value) || !('publicKey' in value))
    return undefined;
  const { privateKey, publicKey } = value;
  return privateKey instanceof CryptoKey && publicKey instanceof CryptoKey ? { privateKey, publicKey } : undefined;
}

async function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  request.addEventListener('success', () => resolve(request.result));
  request.addEventListener('error', () => reject(request.error ?? new Error('The database of the browser failed')));
  return promise;
}

async function completed(transaction: IDBTransaction): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  transaction.addEventListener('complete', () => resolve(undefined));
  const fail = (): void => reject(transaction.error ?? new Error('The database of the browser failed'));
  transaction.addEventListener('abort', fail);
  transaction.addEventListener('error', fail);
  await promise;
}
