const databaseName = 'sallyport';
const storeName = 'keys';
const keyName = 'browser';
const proofType = 'sallyport-key+jwt';
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * The key of this browser for this server (decision 0057): made here once, in a form that no script can read out, ours included.
 * Sessions are bound to it, so that a copied cookie is soon good for nothing. Undefined where the browser cannot make or keep one.
 */
async function browserKey(): Promise<CryptoKeyPair | undefined> {
  if (!('indexedDB' in window) || !window.isSecureContext) return undefined;
  try {
    const database = await openDatabase();
    try {
      return (
        (await read(database)) ?? (await keep(database, await crypto.subtle.generateKey(algorithm, false, ['sign'])))
      );
    } finally {
      database.close();
    }
  } catch {
    // Storage that is full, forbidden or broken: the session is bound to nothing, and the server says whether that will do.
    return undefined;
  }
}

/** Shows the key to the server, for a session that is about to begin. */
export async function showKey(challenge: string): Promise<string | undefined> {
  const key = await browserKey();
  if (key === undefined) return undefined;
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key.publicKey);
  return statement(key, { jwk: { kty, crv, x, y } }, { nonce: challenge });
}

/** What is sent: the server compares it to the last byte. */
export type SentBody = string | Blob | undefined;

/** Signs one request of a session: method, address with its query, body. Undefined when the key is gone. */
export async function signRequest(request: {
  readonly session: string;
  readonly method: string;
  /** With its query, as `addressOf` has it. */
  readonly address: string;
  readonly body: SentBody;
  readonly challenge: string;
}): Promise<string | undefined> {
  const key = await browserKey();
  if (key === undefined) return undefined;
  const { session, method, address, body, challenge } = request;
  const digest = await digestOf(body);
  return statement(key, {}, { sid: session, htm: method, htu: address, nonce: challenge, digest });
}

/** Path and query as the browser writes them into the request, which is what the server sees. */
export function addressOf(path: string): string {
  const { pathname, search } = new URL(path, location.origin);
  return `${pathname}${search}`;
}

/** Text goes out as UTF-8, half characters replaced, here as there. */
async function digestOf(body: SentBody): Promise<string> {
  const bytes = body instanceof Blob ? await body.arrayBuffer() : new TextEncoder().encode(body ?? '');
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** JWS in compact form (RFC 7515). */
async function statement(key: CryptoKeyPair, header: object, payload: object): Promise<string> {
  const body = [
    { typ: proofType, alg: 'ES256', ...header },
    { aud: location.origin, ...payload },
  ]
    .map((part) => base64url(new TextEncoder().encode(JSON.stringify(part))))
    .join('.');
  const signature = await crypto.subtle.sign(algorithm, key.privateKey, new TextEncoder().encode(body));
  return `${body}.${base64url(new Uint8Array(signature))}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCodePoint(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName, 1);
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(storeName));
  return result(request);
}

async function read(database: IDBDatabase): Promise<CryptoKeyPair | undefined> {
  return pairOf(await result<unknown>(database.transaction(storeName).objectStore(storeName).get(keyName)));
}

/** Of two tabs that make one at the same time, the first one's stays. */
async function keep(database: IDBDatabase, made: CryptoKeyPair): Promise<CryptoKeyPair> {
  const store = database.transaction(storeName, 'readwrite').objectStore(storeName);
  const earlier = pairOf(await result<unknown>(store.get(keyName)));
  if (earlier !== undefined) return earlier;
  await result(store.put(made, keyName));
  return made;
}

function pairOf(stored: unknown): CryptoKeyPair | undefined {
  if (typeof stored !== 'object' || stored === null || !('privateKey' in stored) || !('publicKey' in stored))
    return undefined;
  const { privateKey, publicKey } = stored;
  return privateKey instanceof CryptoKey && publicKey instanceof CryptoKey ? { privateKey, publicKey } : undefined;
}

function result<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('The browser cannot keep keys')));
  });
}
