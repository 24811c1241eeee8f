import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort } from '@sallyport/testing/free-port';
import { openBaoProgram, startOpenBao } from '@sallyport/testing/openbao';
import type { TransitPlace } from '@sallyport/testing/transit-asking';
import { startTransitServer } from '@sallyport/testing/transit-server';
import type { DestructionPermit, WrapContext } from '../../key-provider.ts';
import { providerContract } from '../provider-contract-testing.ts';
import { createTransitProvider } from './transit-provider.ts';

const { signal } = new AbortController();
const vault = 'ef'.repeat(16);
const context: WrapContext = { format: 'sallyport-epoch@v2', vault, epoch: 1 };
const nameOf = (epoch: number): string => `sallyport-${vault}-${epoch}-${randomBytes(8).toString('hex')}`;
const permitFor = (name: string): DestructionPermit => ({
  name,
  vaultGeneration: 1,
  exportHash: undefined,
  why: 'never-used',
});

const root = mkdtempSync(join(tmpdir(), 'sallyport-transit-'));
let mounts = 0;

/** A mount of its own for a test, and providers with any token; the policy is the one docs/keys.md tells to write. */
async function placeOn(server: TransitPlace) {
  mounts += 1;
  const mount = `transit-${mounts}`;
  await server.ask('POST', `sys/mounts/${mount}`, { type: 'transit' });
  const open = (changes: { mount?: string; token?: string; address?: string; namespace?: string } = {}) => {
    const tokenFile = join(root, `token-${mount}-${randomBytes(4).toString('hex')}`);
    writeFileSync(tokenFile, `${changes.token ?? server.token}\n`, { mode: 0o600 });
    return createTransitProvider({
      config: {
        address: changes.address ?? server.address,
        mount: changes.mount ?? mount,
        token_file: tokenFile,
        ca_file: server.caFile,
        ...(changes.namespace === undefined ? {} : { namespace: changes.namespace }),
      },
    });
  };
  const documentedToken = async (): Promise<string> => {
    const policy = `
path "${mount}/keys" { capabilities = ["list"] }
path "${mount}/keys/sallyport-*" { capabilities = ["create", "read", "update", "delete"] }
path "${mount}/encrypt/sallyport-*" { capabilities = ["update"] }
path "${mount}/decrypt/sallyport-*" { capabilities = ["update"] }
path "${mount}/config/keys" { capabilities = ["read"] }
`;
    await server.ask('PUT', `sys/policies/acl/${mount}`, { policy });
    const made = await server.ask('POST', 'auth/token/create', { policies: [mount] });
    const token = /"client_token":"([^"]+)"/.exec(JSON.stringify(made))?.[1];
    assert.ok(token !== undefined);
    return token;
  };
  return { server, mount, open, documentedToken };
}

type Place = Awaited<ReturnType<typeof placeOn>>;
type PlaceTest = { readonly sentence: string; readonly run: (place: Place, context: TestContext) => Promise<void> };
const promises: PlaceTest[] = [];
const promise = (sentence: string, run: PlaceTest['run']): void => {
  promises.push({ sentence, run });
};

promise('a server that makes missing keys by encrypting is refused, until it is told not to', async (place) => {
  const { server, mount, open } = place;
  const name = nameOf(1);
  await assert.rejects(open().create(name, signal), { code: 'provider_refused' });
  await assert.rejects(open().wrap({ name, reference: '' }, Buffer.alloc(32), context, signal), {
    code: 'provider_refused',
  });
  await server.ask('POST', `${mount}/config/keys`, { disable_upsert: true });
  const key = await open().create(name, signal);
  const wrapped = await open().wrap(key, Buffer.alloc(32, 1), context, signal);
  assert.deepEqual(await open().unwrap(key, wrapped, context, signal), Buffer.alloc(32, 1));
});

promise('a key that was exportable, or can be backed up in clear, is not wrapped with', async (place) => {
  const { server, mount, open, documentedToken } = place;
  const provider = open({ token: await documentedToken() });
  for (const property of ['exportable', 'allow_plaintext_backup']) {
    const name = nameOf(1);
    await server.ask('POST', `${mount}/keys/${name}`, { type: 'aes256-gcm96', [property]: true });
    await assert.rejects(provider.create(name, signal), { code: 'provider_refused' });
    assert.equal((await provider.find(name, signal)).kind, 'disabled');
  }
});

promise('a key that was rotated elsewhere wraps no more', async (place) => {
  const { server, mount, open, documentedToken } = place;
  const provider = open({ token: await documentedToken() });
  const key = await provider.create(nameOf(1), signal);
  await server.ask('POST', `${mount}/keys/${key.name}/rotate`);
  await assert.rejects(provider.wrap(key, Buffer.alloc(32), context, signal), { code: 'provider_refused' });
});

promise('a key made anew under the name of a deleted one is told from it, and not called damage', async (place) => {
  const { open, documentedToken } = place;
  const provider = open({ token: await documentedToken() });
  const key = await provider.create(nameOf(1), signal);
  const wrapped = await provider.wrap(key, Buffer.alloc(32, 1), context, signal);
  await provider.destroy(key.name, permitFor(key.name), signal);
  await provider.create(key.name, signal);
  // The server counts seconds; what was wrapped in an earlier one says so.
  const earlier = Buffer.from(wrapped.toString('utf8').replace(/"created":"\d+"/, '"created":"1"'));
  await assert.rejects(provider.unwrap(key, earlier, context, signal), { code: 'master_absent' });
});

promise('a key that was deleted softly can come back, so it is pending and not absent', async (place) => {
  const { server, mount, open, documentedToken } = place;
  const provider = open({ token: await documentedToken() });
  const key = await provider.create(nameOf(1), signal);
  await server.ask('POST', `${mount}/keys/${key.name}/config`, { deletion_allowed: true });
  await server.ask('DELETE', `${mount}/keys/${key.name}/soft-delete`);
  assert.deepEqual(await provider.find(key.name, signal), { kind: 'pending', untilMs: undefined, cancellable: true });
  await assert.rejects(provider.create(key.name, signal), { code: 'master_absent' });
});

promise('a lone key that is gone, another mount and a server that does not answer prove nothing', async (place) => {
  const { open, documentedToken } = place;
  const token = await documentedToken();
  const provider = open({ token });
  const key = await provider.create(nameOf(1), signal);
  const receipt = await provider.destroy(key.name, permitFor(key.name), signal);
  assert.equal(receipt.presence.kind, 'absent');
  assert.equal((await provider.find(key.name, signal)).kind, 'unknown');
  assert.equal((await open({ token, mount: 'no-such-mount' }).find(key.name, signal)).kind, 'unknown');
  const nobody = open({ token, address: `https://127.0.0.1:${await freePort()}` });
  assert.equal((await nobody.find(key.name, signal)).kind, 'unknown');
  await assert.rejects(nobody.unwrap(key, Buffer.alloc(40), context, signal), { code: 'provider_unavailable' });
});

promise('the token is sent over TLS to the server of the certificate, and nowhere else', async (place, given) => {
  const { open } = place;
  const seen: unknown[] = [];
  const plain: Server = createServer((request, response) => {
    seen.push(request.headers['x-vault-token']);
    response.end('{}');
  });
  const port = await freePort();
  await new Promise<void>((done) => {
    plain.listen(port, '127.0.0.1', done);
  });
  given.after(() => plain.close());
  await assert.rejects(open({ address: `https://127.0.0.1:${port}` }).facts(signal), { code: 'provider_unavailable' });
  assert.deepEqual(seen, []);
});

promise('a namespace has keys of its own, and one that is not there proves nothing', async (place) => {
  const { server, mount, open } = place;
  const namespace = `team-${mount}`.replaceAll('-', '_');
  await server.ask('POST', `sys/namespaces/${namespace}`);
  const asked = { token: server.token, namespace };
  const mounted = await server.exchange('POST', `sys/mounts/${mount}`, { ...asked, body: { type: 'transit' } });
  assert.equal(mounted.status, 204);
  await server.exchange('POST', `${mount}/config/keys`, { ...asked, body: { disable_upsert: true } });
  const inside = open({ namespace });
  const key = await inside.create(nameOf(1), signal);
  const wrapped = await inside.wrap(key, Buffer.alloc(32, 1), context, signal);
  assert.deepEqual(await inside.unwrap(key, wrapped, context, signal), Buffer.alloc(32, 1));
  assert.notEqual((await inside.facts(signal)).identity, (await open().facts(signal)).identity);
  assert.equal((await open().find(key.name, signal)).kind, 'unknown');
  assert.equal((await open({ namespace: 'no-such-namespace' }).find(key.name, signal)).kind, 'unknown');
});

/** Our own server always; the real one as well where its program is at hand. */
const program = openBaoProgram();
const kinds = [
  { kind: 'transit', start: async () => startTransitServer(join(root, 'ours')) },
  ...(program === undefined
    ? []
    : [{ kind: 'transit (OpenBao)', start: async () => startOpenBao(program, join(root, 'real')) }]),
];
const running = new Map<string, Promise<TransitPlace>>();
after(async () => {
  for (const server of running.values()) await (await server).stop();
  rmSync(root, { recursive: true });
});

for (const { kind, start } of kinds) {
  const place = async (): Promise<Place> => {
    const server = running.get(kind) ?? start();
    running.set(kind, server);
    return placeOn(await server);
  };
  for (const { sentence, run } of providerContract(async () => {
    const { open, documentedToken } = await place();
    const token = await documentedToken();
    return {
      open: async () => open({ token }),
      openWrong: async () => open({ token: 'not-a-token' }),
      forgetsDestroyed: true,
    };
  })) {
    test(`${kind}: ${sentence}`, run);
  }
  for (const { sentence, run } of promises) {
    test(`${kind}: ${sentence}`, async (given) => run(await place(), given));
  }
}
