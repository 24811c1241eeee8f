// Questions that show how a server of the transit engine behaves, and its answers in a form that two servers share.
import { resolve } from 'node:path';
import type { RawAnswer, TransitPlace } from './transit-asking.ts';

/** The answers of the real OpenBao, written by `tools/fetch-openbao.ts --record`. */
export const recordedAnswers = resolve(import.meta.dirname, '..', 'testdata', 'openbao-2.7.2.txt');

const documented = `path "t/keys" { capabilities = ["list"] }
path "t/keys/sallyport-*" { capabilities = ["create", "read", "update", "delete"] }
path "t/encrypt/sallyport-*" { capabilities = ["update"] }
path "t/decrypt/sallyport-*" { capabilities = ["update"] }
path "t/config/keys" { capabilities = ["read"] }`;
const mayMake = 'path "t/encrypt/*" { capabilities = ["create", "update"] }';
const mayMakeOnly = 'path "t/encrypt/*" { capabilities = ["create"] }\npath "t/keys/*" { capabilities = ["create"] }';
const denied = `path "t/*" { capabilities = ["create", "update", "read", "list", "delete"] }
path "t/keys/secret" { capabilities = ["deny"] }
path "t/keys/read-*" { capabilities = ["read"] }`;

/**
 * Asks a fresh server everything, in order; a line for each answer, without what is another at every start. A new kind of
 * question belongs here before a test relies on how our own server answers it.
 */
export async function transitAnswers(server: TransitPlace): Promise<readonly string[]> {
  const lines: string[] = [];
  const askAs =
    (who: string, token: string | undefined, namespace?: string) =>
    async (method: string, path: string, body?: object): Promise<RawAnswer> => {
      const answer = await server.exchange(method, path, {
        ...(token === undefined ? {} : { token }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(body === undefined ? {} : { body }),
      });
      const asked = JSON.stringify(body ?? null).replace(/"vault:v(\w+):[\w+/]{30,}=*"/, '"vault:v$1:…"');
      lines.push(`${who}: ${method} ${path} ${asked} → ${answer.status} ${settled(answer.body)}`);
      return answer;
    };
  const root = askAs('root', server.token);
  const holderOf = async (name: string, policy: string, namespace?: string) => {
    const administrator = askAs(namespace === undefined ? 'root' : `root in ${namespace}`, server.token, namespace);
    await administrator('PUT', `sys/policies/acl/${name}`, { policy });
    const made = await administrator('POST', 'auth/token/create', { policies: [name] });
    return /"client_token":"([^"]+)"/.exec(JSON.stringify(made.body))?.[1];
  };

  await askServer(root, askAs);
  await askKeys(root);
  await askUse(root);
  await askDeletion(root);
  await askPolicies(root, askAs, holderOf);
  await askNamespaces(root, askAs, holderOf, server.token);
  return lines;
}

type Ask = (method: string, path: string, body?: object) => Promise<RawAnswer>;
type AskAs = (who: string, token: string | undefined, namespace?: string) => Ask;
type HolderOf = (name: string, policy: string, namespace?: string) => Promise<string | undefined>;

async function askServer(root: Ask, askAs: AskAs): Promise<void> {
  const health = 'sys/health?standbyok=true&perfstandbyok=true';
  await root('GET', health);
  await askAs('a stranger', 'no-such-token')('GET', health);
  await root('GET', 't/keys/none');
  await root('LIST', 't/keys');
  await root('POST', 'sys/mounts/t', { type: 'transit' });
  await root('POST', 'sys/mounts/t', { type: 'transit' });
  await root('POST', 'sys/mounts/other', { type: 'no-such-engine' });
  await root('GET', 't/config/keys');
  await root('POST', 't/config/keys', { disable_upsert: 'maybe' });
  await root('POST', 't/config/keys', { disable_upsert: true });
  await root('POST', 't/encrypt/missing', { plaintext: 'AAAA' });
  await root('POST', 't/encrypt/missing', {});
  await root('POST', 't/config/keys', {});
  for (const [method, path] of [
    ['GET', 't/'],
    ['GET', 't/unknown/a'],
    ['GET', 't/encrypt/a'],
    ['DELETE', 't/encrypt/a'],
    ['POST', 't/keys'],
    ['POST', 't/keys/bad%20name'],
    ['POST', 't/keys/bad%2Fname'],
    ['LIST', 't/keys/a'],
    ['GET', 't/keys/a/rotate'],
    ['POST', 't/keys/a/soft-delete'],
  ] as const)
    await root(method, path);
}

async function askKeys(root: Ask): Promise<void> {
  await root('LIST', 't/keys');
  await root('GET', 't/keys?list=true');
  await root('GET', 't/keys/none');
  const plain = { type: 'aes256-gcm96', exportable: false, allow_plaintext_backup: false, auto_rotate_period: '0' };
  await root('POST', 't/keys/a', plain);
  await root('POST', 't/keys/a', { type: 'aes256-gcm96', exportable: true });
  await root('POST', 't/keys/a', { type: 'chacha20-poly1305' });
  await root('POST', 't/keys/b', { type: 'no-such-type' });
  await root('POST', 't/keys/b', { exportable: 'maybe' });
  await root('PUT', 't/keys/exportable', { exportable: true });
  await root('POST', 't/keys/backed-up', { allow_plaintext_backup: true });
  await root('POST', 't/keys/exportable/config', { exportable: false });
  await root('POST', 't/keys/later', {});
  await root('POST', 't/keys/later/config', { exportable: true });
  await root('POST', 't/keys/later/config', { allow_plaintext_backup: true });
  await root('GET', 't/keys/later');
  await root('GET', 't/keys/a');
  await root('LIST', 't/keys');
}

async function askUse(root: Ask): Promise<void> {
  const made = await root('POST', 't/encrypt/a', { plaintext: 'AAAA', associated_data: 'YWI=', key_version: 1 });
  const sealed = /"ciphertext":"vault:v1:([^"]+)"/.exec(JSON.stringify(made.body))?.[1] ?? '';
  for (const body of [
    { plaintext: 'AAAA', key_version: 2 },
    { plaintext: 'AAAA', key_version: -1 },
    { plaintext: 'A!A' },
    { plaintext: 'AAA' },
    { plaintext: 'AA_-' },
    { plaintext: '' },
    {},
    { plaintext: 'AAAA', associated_data: '!!' },
  ])
    await root('POST', 't/encrypt/a', body);
  for (const [ciphertext, associatedData] of [
    [`vault:v1:${sealed}`, 'YWI='],
    [`vault:v1:${sealed}`, 'YWM='],
    [`vault:v1:${sealed}`, ''],
    [`vault:v0:${sealed}`, 'YWI='],
    [`vault:v9:${sealed}`, 'YWI='],
    [`vault:vx:${sealed}`, 'YWI='],
    ['vault:v1:AAAA', 'YWI='],
    ['vault:v1:AAAAAAAAAAAAAAAAAAAA', 'YWI='],
    ['vault:v1:!!', 'YWI='],
    ['vault:v1:', 'YWI='],
    ['vault:v1', 'YWI='],
    ['nonsense', 'YWI='],
    ['', 'YWI='],
  ] as const)
    await root('POST', 't/decrypt/a', { ciphertext, associated_data: associatedData });
  await root('POST', 't/decrypt/a', {});
  await root('POST', 't/decrypt/none', { ciphertext: `vault:v1:${sealed}` });
  await root('POST', 't/keys/a/rotate');
  await root('POST', 't/keys/none/rotate');
  await root('POST', 't/encrypt/a', { plaintext: 'AAAA' });
  await root('POST', 't/encrypt/a', { plaintext: 'AAAA', key_version: 1 });
  await root('POST', 't/decrypt/a', { ciphertext: `vault:v1:${sealed}`, associated_data: 'YWI=' });
  await root('POST', 't/decrypt/a', { ciphertext: `vault:v2:${sealed}`, associated_data: 'YWI=' });
}

async function askDeletion(root: Ask): Promise<void> {
  await root('DELETE', 't/keys/a');
  await root('DELETE', 't/keys/none');
  await root('POST', 't/keys/none/config', { deletion_allowed: true });
  await root('POST', 't/keys/a/config', { deletion_allowed: 'maybe' });
  await root('DELETE', 't/keys/a/soft-delete');
  await root('DELETE', 't/keys/a/soft-delete');
  await root('GET', 't/keys/a');
  await root('LIST', 't/keys');
  await root('POST', 't/keys/a', {});
  await root('POST', 't/encrypt/a', { plaintext: 'AAAA', key_version: 7 });
  await root('POST', 't/decrypt/a', { ciphertext: 'nonsense' });
  await root('POST', 't/keys/a/rotate');
  await root('DELETE', 't/keys/a');
  await root('POST', 't/keys/a/soft-delete-restore');
  await root('POST', 't/keys/a/soft-delete-restore');
  await root('DELETE', 't/keys/none/soft-delete');
  await root('POST', 't/keys/none/soft-delete-restore');
  await root('POST', 't/keys/a/config', { deletion_allowed: true });
  await root('DELETE', 't/keys/a/soft-delete');
  await root('DELETE', 't/keys/a');
  await root('GET', 't/keys/a');
  await root('POST', 't/encrypt/a', { plaintext: 'AAAA', key_version: 2 });
  await root('GET', 't/keys/a');
}

async function askPolicies(root: Ask, askAs: AskAs, holderOf: HolderOf): Promise<void> {
  await root('PUT', 'sys/policies/acl/bad', { policy: 'path "x" { capabilities = ["fly"] }' });
  await root('PUT', 'sys/policies/acl/bad', {});
  await root('POST', 'auth/token/create', { policies: ['no-such-policy'] });
  const holder = askAs('documented', await holderOf('documented', documented));
  await holder('GET', 't/keys/sallyport-x');
  await holder('GET', 't/keys/other');
  await holder('LIST', 't/keys');
  await holder('GET', 't/keys');
  await holder('GET', 't/keys?list=true');
  await holder('POST', 't/encrypt/sallyport-x', { plaintext: 'AAAA' });
  await holder('POST', 't/keys/sallyport-x', {});
  await holder('POST', 't/encrypt/sallyport-x', { plaintext: 'AAAA' });
  await holder('POST', 't/encrypt/b', { plaintext: 'AAAA' });
  await holder('GET', 't/config/keys');
  await holder('POST', 't/config/keys', { disable_upsert: true });
  await holder('POST', 't/keys/sallyport-x/config', { deletion_allowed: true });
  await holder('DELETE', 't/keys/sallyport-x');
  await holder('GET', 'no-such-mount/keys/x');
  await holder('POST', 'auth/token/create', { policies: ['documented'] });
  const paths = ['t/encrypt/sallyport-x', 't/keys', 't/keys/', 't/config/keys', 'elsewhere'];
  await holder('POST', 'sys/capabilities-self', { paths });
  await holder('POST', 'sys/capabilities-self', {});
  await root('POST', 'sys/capabilities-self', { paths: ['t/encrypt/sallyport-x'] });

  const maker = askAs('may make', await holderOf('may-make', mayMake));
  await maker('POST', 't/encrypt/made', { plaintext: 'AAAA' });
  await maker('POST', 't/encrypt/made', { plaintext: 'AAAA' });
  await maker('GET', 't/config/keys');
  await maker('POST', 'sys/capabilities-self', { paths: ['t/encrypt/made'] });
  const onlyMaker = askAs('may only make', await holderOf('may-only-make', mayMakeOnly));
  await onlyMaker('POST', 't/encrypt/made', { plaintext: 'AAAA' });
  await onlyMaker('POST', 't/encrypt/made-too', { plaintext: 'AAAA' });
  // Only encrypting tells making from changing.
  await onlyMaker('POST', 't/keys/made-as-well', {});
  const hindered = askAs('denied', await holderOf('denied', denied));
  await hindered('GET', 't/keys/secret');
  await hindered('GET', 't/keys/made');
  await hindered('POST', 't/keys/read-only', {});
  await hindered('POST', 'sys/capabilities-self', { paths: ['t/encrypt/x', 't/keys/secret', 't/keys/read-only'] });
  for (const stranger of [askAs('a stranger', 'no-such-token'), askAs('nobody', undefined)]) {
    await stranger('GET', 't/keys/made');
    await stranger('GET', 'no-such-mount/keys/made');
    await stranger('POST', 'sys/capabilities-self', { paths: ['t/keys/made'] });
  }
}

async function askNamespaces(root: Ask, askAs: AskAs, holderOf: HolderOf, rootToken: string): Promise<void> {
  await root('POST', 'sys/namespaces/team');
  const inTeam = askAs('root in team', rootToken, 'team');
  await inTeam('POST', 'sys/mounts/t', { type: 'transit' });
  await inTeam('POST', 't/keys/n', {});
  await inTeam('GET', 't/keys/n');
  await inTeam('GET', 't/keys/made');
  await inTeam('GET', 'no-such-mount/keys/n');
  await inTeam('GET', 'sys/health');
  await root('GET', 't/keys/n');
  await root('GET', 'team/t/keys/n');
  const nowhere = askAs('root in no namespace', rootToken, 'no-such-namespace');
  await nowhere('GET', 't/keys/n');
  const team = await holderOf('team', documented.replaceAll('sallyport-', ''), 'team');
  const member = askAs('member in team', team, 'team');
  await member('GET', 't/keys/n');
  await member('POST', 't/encrypt/n', { plaintext: 'AAAA' });
  await member('POST', 't/encrypt/m', { plaintext: 'AAAA' });
  await member('POST', 'sys/capabilities-self', { paths: ['t/encrypt/n'] });
  await askAs('member in team/', team, 'team/')('GET', 't/keys/n');
  await askAs('member outside', team)('GET', 't/keys/n');
  await askAs('member outside', team)('POST', 'sys/capabilities-self', { paths: ['t/encrypt/n'] });
  const above = await holderOf('above', 'path "team/t/keys/*" { capabilities = ["read"] }');
  await askAs('above in team', above, 'team')('GET', 't/keys/n');
  await askAs('above in team', above, 'team')('POST', 'sys/capabilities-self', { paths: ['t/keys/n'] });
}

/** A body in one order, with a word for whatever is another every time. */
function settled(body: unknown): string {
  if (body === undefined) return '';
  return JSON.stringify(withoutEnvelope(body), (name, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
      return Object.fromEntries(entries.map(([key, held]) => [key, settledValue(name, key, held)]));
    }
    return value;
  });
}

/** What says nothing in nearly every answer is said in a word. */
const envelope = { lease_id: '', renewable: false, lease_duration: 0, wrap_info: null, warnings: null, auth: null };

function withoutEnvelope(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const held = new Map<string, unknown>(Object.entries(body));
  if (!Object.entries(envelope).every(([name, value]) => held.get(name) === value)) return body;
  for (const name of Object.keys(envelope)) held.delete(name);
  return { ...Object.fromEntries(held), envelope: 'empty' };
}

const changing = new Set(['request_id', 'cluster_id', 'cluster_name', 'server_time_utc', 'client_token', 'accessor']);

function settledValue(parent: string, name: string, value: unknown): unknown {
  const isTime = parent === 'keys' && typeof value === 'number';
  const isOfNamespace = typeof value === 'string' && (name === 'uuid' || name === 'id');
  if (changing.has(name) || isTime || isOfNamespace) return `(${typeof value})`;
  if (name !== 'ciphertext') return value;
  const [, version = '', sealed = ''] = /^vault:v(\d+):(.+)$/.exec(String(value)) ?? [];
  return `vault:v${version}:(${Buffer.from(sealed, 'base64').length} bytes)`;
}
