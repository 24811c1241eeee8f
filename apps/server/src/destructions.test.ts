// The whole server: two people with passkeys, a directory elsewhere, and what is left of what a destroyed key had sealed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSoftwareAuthenticator } from '@sallyport/identity/software-authenticator';
import type { SoftwareAuthenticator } from '@sallyport/identity/software-authenticator';
import { verifyCertificate } from '@sallyport/key-vault/certificate';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { startAccess } from './access.fixture.ts';
import type { Access, Inhabitant } from './access.fixture.ts';

let access: Access;
const elsewhere = mkdtempSync(join(tmpdir(), 'sallyport-elsewhere-'));
before(async () => {
  access = await startAccess(['--no-sensor'], { SALLYPORT_DESTRUCTION_WAIT_HOURS: '0' });
});
after(async () => {
  await access.stop();
  rmSync(elsewhere, { recursive: true, force: true });
});

/** As a browser that has the console open under `localhost`, the only name this server has. */
async function browse(
  method: string,
  path: string,
  who: Inhabitant,
  body?: unknown,
): Promise<{ status: number; body: JsonObject; text: string }> {
  const { port } = new URL(access.server.address);
  const host = `localhost:${port}`;
  return new Promise((resolve, reject) => {
    const headers = {
      host,
      origin: `http://${host}`,
      'x-sallyport': '1',
      cookie: who.cookie ?? '',
      'content-type': 'application/json',
    };
    const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      answer.on('end', () => {
        const read: unknown = text.startsWith('{') ? parseJson(text) : {};
        resolve({ status: answer.statusCode ?? 0, body: isJsonObject(read) ? read : {}, text });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
const site = (): { origin: string; hostName: string } => ({
  origin: `http://localhost:${new URL(access.server.address).port}`,
  hostName: 'localhost',
});

async function withPasskey(who: Inhabitant): Promise<SoftwareAuthenticator> {
  const authenticator = createSoftwareAuthenticator();
  const options = await browse('POST', '/v1/account/passkeys/options', who, {});
  const response = authenticator.create(options.body, site());
  const kept = await browse('POST', '/v1/account/passkeys', who, { response, label: 'key' });
  assert.equal(kept.status, 204, kept.text);
  return authenticator;
}

async function sign(id: string, who: Inhabitant, authenticator: SoftwareAuthenticator): Promise<JsonObject> {
  const { body } = await browse('POST', `/v1/vault/destructions/${id}/signing`, who, {});
  const { passkey } = body;
  assert.ok(isJsonObject(passkey), JSON.stringify(body));
  const response = authenticator.use(passkey, site());
  const signed = await browse('POST', `/v1/vault/destructions/${id}/signatures`, who, { response });
  assert.equal(signed.status, 200, signed.text);
  return signed.body;
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await look()) return;
    await sleep(100);
  }
  assert.fail(`never: ${what}`);
}

function verifyByHand(given: readonly string[]): number | null {
  const program = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
  const environment = { PATH: process.env['PATH'], HOME: elsewhere };
  return spawnSync(process.execPath, [program, 'vault', 'certificate', 'verify', ...given], { env: environment })
    .status;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const rows = (value: unknown): JsonObject[] => {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item) => isJsonObject(item));
};

test('a key two people destroy opens nothing any more; its certificate verifies offline with the log’s key', async () => {
  const ada = await access.moveIn('Ada', 'admin');
  const grace = await access.moveIn('Grace', 'admin', ada);
  const keys = [await withPasskey(ada), await withPasskey(grace)];
  for (const who of [ada, grace]) {
    const enrolled = await browse('POST', '/v1/vault/approvers', who, {});
    assert.equal(enrolled.status, 201, enrolled.text);
  }
  const place = { kind: 'directory', path: elsewhere };
  const archive = await browse('PUT', '/v1/archive/settings', ada, { place });
  assert.equal(archive.status, 200, archive.text);

  // What was recorded so far today hangs under the first key of its class; from here on there is another.
  const listed = async (): Promise<JsonObject[]> => rows((await browse('GET', '/v1/vault/keys', ada)).body['keys']);
  const first = (await listed()).find(({ label }) => text(label).startsWith('audit/'));
  const rotated = await browse('POST', '/v1/vault/rotations', ada, {
    level: 'data',
    label: first?.['label'],
    reason: 'test',
  });
  assert.equal(rotated.status, 202, rotated.text);
  const keyId = text(first?.['id']);
  const proof = await browse('GET', '/v1/ledger/proof/1/0', ada);
  assert.equal(proof.status, 200, proof.text);

  const held = await browse('POST', '/v1/vault/destructions', ada, { keyIds: [keyId], reason: 'erasure 7' });
  assert.equal(held.status, 201, held.text);
  const id = text(held.body['id']);
  await sign(id, ada, keys[0] ?? createSoftwareAuthenticator());
  const again = await browse('POST', `/v1/vault/destructions/${id}/signing`, ada, {});
  const passkey = again.body['passkey'];
  const twice = keys[0]?.use(isJsonObject(passkey) ? passkey : {}, site());
  assert.equal((await browse('POST', `/v1/vault/destructions/${id}/signatures`, ada, { response: twice })).status, 409);
  await sign(id, grace, keys[1] ?? createSoftwareAuthenticator());

  await until(
    'certified',
    async () => (await browse('GET', `/v1/vault/destructions/${id}/certificate`, ada)).status === 200,
  );
  const certificate = await browse('GET', `/v1/vault/destructions/${id}/certificate`, ada);
  const [log] = rows((await browse('GET', '/v1/ledger', ada)).body['logs']);
  const verifierKey = text(log?.['verifier_key']);
  const verified = verifyCertificate(certificate.text, (evidence) => verifyEvidence(evidence, { verifierKey }));
  assert.ok(verified.ok, JSON.stringify(verified));
  assert.deepEqual(verified.people, ['Ada', 'Grace']);
  assert.deepEqual(
    verified.keys.map((key) => key.id),
    [keyId],
  );

  // As an auditor does it.
  const file = join(elsewhere, 'certificate.json');
  writeFileSync(file, certificate.text);
  assert.equal(verifyByHand([file, '--key', verifierKey]), 0);
  assert.equal(verifyByHand([file]), 5, 'without a key it only agrees with itself');
  writeFileSync(file, certificate.text.replace('erasure 7', 'erasure 8'));
  assert.equal(verifyByHand([file, '--key', verifierKey]), 1);

  // On the server, and in what lies elsewhere.
  const erased = await browse('GET', '/v1/ledger/proof/1/0', ada);
  assert.notEqual(erased.status, 200, 'the event of that key is gone');
  assert.equal((await listed()).find((key) => key['id'] === keyId)?.['state'], 'destroyed');
  const files = readdirSync(elsewhere, { recursive: true }).map((name) => String(name));
  assert.ok(
    files.some((name) => name.includes(`${id}.destroyed.json`)),
    files.join('\n'),
  );
  assert.ok(
    files.some((name) => name.endsWith('.vault')),
    files.join('\n'),
  );
});
