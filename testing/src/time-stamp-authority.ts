// A time-stamping authority as they exist: `openssl ts` answers, behind HTTP on loopback. What it signs others can check, and what it
// refuses is refused by a program that is not ours.
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyPairKeyObjectResult } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type KeyKind = 'ec' | 'rsa' | 'rsa-1024';

export type StampingSigner = {
  /** As in an OpenSSL extension file; what an authority of time-stamps has when undefined. */
  readonly extensions?: readonly string[];
  readonly key?: KeyKind;
  /** What it forges is signed with RSASSA-PSS. */
  readonly isPss?: boolean;
  /** Of its certificate, from now; below 0 it has ended. */
  readonly days?: number;
  /** Issued by another authority below the root. */
  readonly below?: 'intermediate' | 'bad-intermediate';
  /** Names its certificate by SHA-1, as RFC 3161 did before RFC 5816. */
  readonly namesCertificateBySha1?: boolean;
};

export type StampingAuthority = {
  readonly url: string;
  readonly rootPem: string;
  /** Bodies of what was asked, newest last. */
  readonly requests: readonly Buffer[];
  /** What `openssl ts -reply` answers to a request. */
  reply(request: Uint8Array): Promise<Buffer>;
  /** Signs a statement of somebody's making as a token, with a certificate that `openssl ts` itself may refuse to use. */
  forge(statement: Uint8Array): Buffer;
  /** Answers in its place from now on; undefined: it answers itself again. */
  answerWith(other: ((request: Buffer, response: ServerResponse) => void) | undefined): void;
  /** Whether OpenSSL takes the token for one over the data. */
  verifies(token: Uint8Array, data: Uint8Array): boolean;
  close(): Promise<void>;
};

const stampingExtensions = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=critical,timeStamping',
];

export async function startStampingAuthority(signer: StampingSigner = {}): Promise<StampingAuthority> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-stamps-'));
  const path = (name: string): string => join(directory, name);
  const put = (name: string, content: string | Uint8Array): string => {
    writeFileSync(path(name), content, { mode: 0o600 });
    return path(name);
  };
  makeKey('ec', path('root.key'));
  openssl([
    'req',
    '-x509',
    '-new',
    '-key',
    path('root.key'),
    '-days',
    '30',
    '-subj',
    '/CN=Stamp root',
    '-addext',
    'keyUsage=critical,keyCertSign',
    '-out',
    path('root.pem'),
  ]);
  const issue = (
    name: string,
    wanted: { issuer: string; subject: string; key: KeyKind; days: number; extensions: readonly string[] },
  ): void => {
    makeKey(wanted.key, path(`${name}.key`));
    put(`${name}.ext`, `${wanted.extensions.join('\n')}\n`);
    openssl([
      'x509',
      '-new',
      '-subj',
      wanted.subject,
      '-force_pubkey',
      path(`${name}.key.pub`),
      '-CA',
      path(`${wanted.issuer}.pem`),
      '-CAkey',
      path(`${wanted.issuer}.key`),
      '-days',
      String(wanted.days),
      '-extfile',
      path(`${name}.ext`),
      '-out',
      path(`${name}.pem`),
    ]);
  };
  const { below } = signer;
  if (below !== undefined)
    issue('between', {
      issuer: 'root',
      subject: '/CN=Stamp issuer',
      key: 'ec',
      days: 30,
      extensions:
        below === 'intermediate'
          ? ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign']
          : ['basicConstraints=critical,CA:FALSE'],
    });
  issue('signer', {
    issuer: below === undefined ? 'root' : 'between',
    subject: '/O=Test/CN=Stamp signer',
    key: signer.key ?? 'ec',
    days: signer.days ?? 20,
    extensions: signer.extensions ?? stampingExtensions,
  });
  put('serial', '01');
  put(
    'stamps.cnf',
    `[tsa]\ndefault_tsa = it\n[it]\nserial = ${path('serial')}\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.3.6.1.4.1.99999.1\ndigests = sha256\naccuracy = secs:1\ntsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = ${signer.namesCertificateBySha1 === true ? 'sha1' : 'sha256'}\n`,
  );
  const chain = below === undefined ? [] : ['-chain', path('between.pem')];

  // The serial number lies in a file: one at a time.
  let last: Promise<unknown> = Promise.resolve();
  let asked = 0;
  const reply = (request: Uint8Array): Promise<Buffer> => {
    const made = last.then(async () => {
      asked += 1;
      const query = put(`${asked}.tsq`, request);
      const args = [
        'ts',
        '-reply',
        '-config',
        path('stamps.cnf'),
        '-queryfile',
        query,
        '-signer',
        path('signer.pem'),
        '-inkey',
        path('signer.key'),
        ...chain,
      ];
      return run(args);
    });
    last = made.catch(() => undefined);
    return made;
  };
  const requests: Buffer[] = [];
  let other: ((request: Buffer, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await read(request);
      requests.push(body);
      if (other !== undefined) return other(body, response);
      response.setHeader('content-type', 'application/timestamp-reply').end(await reply(body));
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The authority has no port');
  return {
    url: `http://127.0.0.1:${address.port}/tsr`,
    rootPem: readFileSync(path('root.pem'), 'utf8'),
    requests,
    reply,
    forge(statement) {
      put('statement', statement);
      const args = [
        'cms',
        '-sign',
        '-binary',
        '-nodetach',
        '-cades',
        '-md',
        'sha256',
        '-outform',
        'DER',
        '-econtent_type',
        '1.2.840.113549.1.9.16.1.4',
      ];
      const padding = signer.isPss === true ? ['-keyopt', 'rsa_padding_mode:pss'] : [];
      const between = below === undefined ? [] : ['-certfile', path('between.pem')];
      openssl([
        ...args,
        '-in',
        path('statement'),
        '-signer',
        path('signer.pem'),
        '-inkey',
        path('signer.key'),
        ...padding,
        ...between,
        '-out',
        path('forged'),
      ]);
      return readFileSync(path('forged'));
    },
    answerWith(answer) {
      other = answer;
    },
    verifies(token, data) {
      const files = ['-data', put('data', data), '-in', put('token', token), '-token_in', '-CAfile', path('root.pem')];
      return spawnSync('openssl', ['ts', '-verify', ...files]).status === 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await last;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function makeKey(kind: KeyKind, file: string): void {
  const { privateKey, publicKey } = keyPair(kind);
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
}

function keyPair(kind: KeyKind): KeyPairKeyObjectResult {
  switch (kind) {
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 });
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function run(args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(parts)) : reject(new Error(`openssl ts -reply ended with ${code}`)),
    );
  });
}

function openssl(args: readonly string[]): void {
  const result = spawnSync('openssl', args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${result.error?.message ?? result.stderr}`);
}
