// A small AWS KMS for tests: the calls a keeper of symmetric keys makes, with the rules AWS enforces (API reference of 2014-11-01).
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { verifySignature } from './kms-signature.ts';
import { createTestAuthority } from './test-authority.ts';
import type { TestCertificate } from './test-authority.ts';

type KmsKey = {
  readonly id: string;
  readonly arn: string;
  readonly description: string;
  readonly material: Buffer;
  readonly multiRegion: boolean;
  readonly createdAtMs: number;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  deletionAtMs: number | undefined;
};
type Account = { readonly secret: string; readonly account: string; readonly denied?: readonly string[] };
type Fields = Readonly<Record<string, unknown>>;

const dayMs = 86_400_000;

/** Made once in a process: openssl takes its time. */
let authority: { readonly certificatePem: string; readonly certificate: TestCertificate } | undefined;

function makeAuthority(): { readonly certificatePem: string; readonly certificate: TestCertificate } {
  const { certificatePem, issue } = createTestAuthority('Test KMS authority');
  return { certificatePem, certificate: issue({ commonName: 'kms', dnsName: 'localhost', use: 'serverAuth' }) };
}

/** An error as AWS names it. */
class KmsRefusal extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export type KmsServer = {
  readonly endpoint: string;
  /** PEM of the authority that signed its certificate. */
  readonly certificatePem: string;
  /** Calls it answered, in order, refused ones too. */
  readonly calls: string[];
  /** How many descriptions of a new alias still find nothing: what is written is seen only later. */
  aliasDelay: number;
  /** Lets time pass: keys whose waiting time is over are gone, with their aliases. */
  advance(milliseconds: number): void;
  /** What an administrator of the account does. */
  cancelDeletion(alias: string): void;
  removeAlias(alias: string): void;
  keyCount(): number;
  close(): Promise<void>;
};

/** Serves one region; `accounts` by their access key ids. */
export async function startKmsServer(region: string, accounts: Readonly<Record<string, Account>>): Promise<KmsServer> {
  authority ??= makeAuthority();
  const { certificate, certificatePem } = authority;
  const keys = new Map<string, KmsKey>();
  const aliases = new Map<string, string>();
  const calls: string[] = [];
  let passedMs = 0;
  let aliasDelay = 0;
  const now = (): number => Date.now() + passedMs;

  const resolveKey = (account: string, given: unknown): KmsKey => {
    const text = String(given);
    const isAlias = text.startsWith('alias/');
    const id = isAlias ? aliases.get(`${account}/${text}`) : text.split('/').at(-1);
    const key = keys.get(id ?? '');
    const hidden = isAlias && key !== undefined && aliasDelay > 0;
    if (hidden) aliasDelay -= 1;
    if (key !== undefined && !hidden && key.arn.includes(`:${account}:`)) return key;
    const arn = `arn:aws:kms:${region}:${account}:${isAlias ? text : `key/${id ?? ''}`}`;
    throw new KmsRefusal('NotFoundException', isAlias ? `Alias ${arn} is not found.` : `Key '${arn}' does not exist`);
  };
  const requireEnabled = (key: KmsKey): KmsKey => {
    if (key.state === 'Disabled') throw new KmsRefusal('DisabledException', `${key.arn} is disabled.`);
    if (key.state !== 'Enabled') throw new KmsRefusal('KMSInvalidStateException', `${key.arn} is pending deletion.`);
    return key;
  };
  const describe = (key: KmsKey): Fields => ({
    AWSAccountId: key.arn.split(':')[4],
    KeyId: key.id,
    Arn: key.arn,
    Description: key.description,
    CreationDate: key.createdAtMs / 1000,
    Enabled: key.state === 'Enabled',
    KeyState: key.state,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyManager: 'CUSTOMER',
    KeySpec: 'SYMMETRIC_DEFAULT',
    Origin: 'AWS_KMS',
    MultiRegion: key.multiRegion,
    ...(key.deletionAtMs === undefined ? {} : { DeletionDate: key.deletionAtMs / 1000 }),
  });

  const operations: Readonly<Record<string, (account: string, given: Fields) => Fields>> = {
    CreateKey(account, given) {
      const id = randomUUID();
      const key: KmsKey = {
        id,
        arn: `arn:aws:kms:${region}:${account}:key/${id}`,
        description: typeof given['Description'] === 'string' ? given['Description'] : '',
        material: randomBytes(32),
        multiRegion: given['MultiRegion'] === true,
        createdAtMs: now(),
        state: 'Enabled',
        deletionAtMs: undefined,
      };
      keys.set(id, key);
      return { KeyMetadata: describe(key) };
    },
    CreateAlias(account, given) {
      const name = String(given['AliasName']);
      if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name) || name.startsWith('alias/aws/')) {
        throw new KmsRefusal('InvalidAliasNameException', 'Not an alias name');
      }
      const key = resolveKey(account, given['TargetKeyId']);
      if (key.state === 'PendingDeletion') requireEnabled(key);
      if (aliases.has(`${account}/${name}`)) {
        throw new KmsRefusal(
          'AlreadyExistsException',
          `An alias with the name arn:aws:kms:${region}:${account}:${name} already exists`,
        );
      }
      aliases.set(`${account}/${name}`, key.id);
      return {};
    },
    DescribeKey: (account, given) => ({ KeyMetadata: describe(resolveKey(account, given['KeyId'])) }),
    ListKeys(account, given) {
      const found = [...keys.values()].filter(({ arn }) => arn.includes(`:${account}:`));
      const start = Number(given['Marker'] ?? 0);
      const end = start + Number(given['Limit'] ?? 100);
      return {
        Keys: found.slice(start, end).map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })),
        Truncated: end < found.length,
        ...(end < found.length ? { NextMarker: String(end) } : {}),
      };
    },
    ListAliases(account, given) {
      const names = [...aliases.keys()].filter((name) => name.startsWith(`${account}/`)).toSorted();
      const start = Number(given['Marker'] ?? 0);
      const end = start + Number(given['Limit'] ?? 50);
      return {
        Aliases: names.slice(start, end).map((name) => {
          const alias = name.slice(account.length + 1);
          return {
            AliasName: alias,
            AliasArn: `arn:aws:kms:${region}:${account}:${alias}`,
            TargetKeyId: aliases.get(name),
          };
        }),
        Truncated: end < names.length,
        ...(end < names.length ? { NextMarker: String(end) } : {}),
      };
    },
    Encrypt(account, given) {
      const key = requireEnabled(resolveKey(account, given['KeyId']));
      const plain = Buffer.from(String(given['Plaintext']), 'base64');
      if (plain.length === 0 || plain.length > 4096)
        throw new KmsRefusal('ValidationException', 'Plaintext has a wrong size');
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key.material, nonce).setAAD(
        contextBytes(given['EncryptionContext']),
      );
      const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      const blob = Buffer.concat([Buffer.from(key.id.replaceAll('-', ''), 'hex'), nonce, sealed]);
      return { CiphertextBlob: blob.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
    Decrypt(account, given) {
      const blob = Buffer.from(String(given['CiphertextBlob']), 'base64');
      const id = blob.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      const key = keys.get(id);
      const named = given['KeyId'] === undefined ? key : requireEnabled(resolveKey(account, given['KeyId']));
      if (key === undefined || blob.length < 44) throw new KmsRefusal('InvalidCiphertextException', '');
      if (named !== key)
        throw new KmsRefusal('IncorrectKeyException', 'The key ID in the request does not identify the key');
      requireEnabled(key);
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.material, blob.subarray(16, 28), { authTagLength: 16 });
        decipher.setAAD(contextBytes(given['EncryptionContext'])).setAuthTag(blob.subarray(-16));
        const plain = Buffer.concat([decipher.update(blob.subarray(28, -16)), decipher.final()]);
        return { Plaintext: plain.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
      } catch {
        throw new KmsRefusal('InvalidCiphertextException', '');
      }
    },
    ScheduleKeyDeletion(account, given) {
      const days = Number(given['PendingWindowInDays'] ?? 30);
      if (!Number.isInteger(days) || days < 7 || days > 30)
        throw new KmsRefusal('ValidationException', 'PendingWindowInDays');
      const text = String(given['KeyId']);
      if (text.startsWith('alias/')) throw new KmsRefusal('NotFoundException', `Invalid keyId ${text}`);
      const key = resolveKey(account, text);
      if (key.state === 'PendingDeletion') requireEnabled(key);
      key.state = 'PendingDeletion';
      key.deletionAtMs = now() + days * dayMs;
      return { KeyId: key.arn, DeletionDate: key.deletionAtMs / 1000, KeyState: key.state, PendingWindowInDays: days };
    },
  };

  const answer = (request: IncomingMessage, body: Buffer): Fields => {
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^TrentService\./, '');
    calls.push(operation);
    const signed = verifySignature(request, body, {
      service: 'kms',
      nowMs: Date.now(),
      secretOf: (id) => accounts[id]?.secret,
    });
    if (typeof signed === 'string') throw new KmsRefusal(signed, 'The request is not signed as it should be');
    if (signed.region !== region)
      throw new KmsRefusal('InvalidSignatureException', `Credential should be scoped to ${region}`);
    const who = accounts[signed.accessKeyId];
    if (who?.denied?.includes(operation) === true)
      throw new KmsRefusal('AccessDeniedException', `Not authorized to perform: kms:${operation}`);
    const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    const given: unknown = JSON.parse(body.toString('utf8'));
    if (who === undefined || run === undefined || typeof given !== 'object' || given === null) {
      throw new KmsRefusal('UnknownOperationException', operation);
    }
    return run(who.account, Object.fromEntries(Object.entries(given)));
  };

  const server = createServer(certificate, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.1').setHeader('x-amzn-requestid', randomUUID());
      try {
        response.end(JSON.stringify(answer(request, Buffer.concat(pieces))));
      } catch (error) {
        const { name, message } =
          error instanceof KmsRefusal ? error : { name: 'KMSInternalException', message: String(error) };
        response.writeHead(name === 'KMSInternalException' ? 500 : 400).end(JSON.stringify({ __type: name, message }));
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const named = (alias: string): KmsKey | undefined => {
    const found = [...aliases].find(([name]) => name.endsWith(`/${alias}`));
    return keys.get(found?.[1] ?? '');
  };

  return {
    endpoint: `https://localhost:${port}`,
    certificatePem,
    calls,
    get aliasDelay() {
      return aliasDelay;
    },
    set aliasDelay(count: number) {
      aliasDelay = count;
    },
    advance(milliseconds) {
      passedMs += milliseconds;
      for (const key of keys.values()) {
        if (key.deletionAtMs === undefined || key.deletionAtMs > now()) continue;
        keys.delete(key.id);
        for (const [name, id] of aliases) if (id === key.id) aliases.delete(name);
      }
    },
    cancelDeletion(alias) {
      const key = named(alias);
      if (key === undefined) return;
      // A key whose deletion is cancelled comes back disabled.
      key.state = 'Disabled';
      key.deletionAtMs = undefined;
    },
    removeAlias(alias) {
      for (const name of aliases.keys()) if (name.endsWith(`/${alias}`)) aliases.delete(name);
    },
    keyCount: () => keys.size,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** The encryption context in one order, as additional data. */
function contextBytes(context: unknown): Buffer {
  const entries = typeof context === 'object' && context !== null ? Object.entries(context) : [];
  return Buffer.from(JSON.stringify(entries.toSorted(([left], [right]) => (left < right ? -1 : 1))));
}
