// The client the conformance suite of MCP starts: a person signs in whenever the gateway says that one must, and a tool is called through
// the gateway. Its last argument is the server.
import { parseArgs } from 'node:util';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import { environment } from '../../config.ts';
import { rawClient } from '../gateway.fixture.ts';
import { createHttpServer } from '../http-server.ts';
import { defaultLimits } from '../limits.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { comeBack, testPerson } from './sign-in.fixture.ts';
import { createSignInEvents } from './sign-in-events.ts';
import { createSignInStore } from './sign-in-store.ts';
import { createSignedIn } from './signed-in.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const server = new URL(positionals.at(-1) ?? '');
const scenario = environment['MCP_CONFORMANCE_SCENARIO'] ?? '';
const read = parseJson(environment['MCP_CONFORMANCE_CONTEXT'] ?? '{}');
const context = isJsonObject(read) ? read : {};

/** Agrees to everything, as the suite's authorization server does at once. */
const person = testPerson(async (url) => {
  const answer = await fetch(url, { redirect: 'manual' });
  await comeBack(new URL(answer.headers.get('location') ?? '', url));
});
const home = person.environment['HOME'] ?? '';
const more: string[] = [];
if (scenario === 'auth/basic-cimd')
  more.push('--client-document', 'https://conformance-test.local/client-metadata.json');
if (scenario === 'auth/pre-registration') {
  const file = join(home, 'secret');
  writeFileSync(file, textOf(context['client_secret']), { mode: 0o600 });
  more.push('--client-id', textOf(context['client_id']), '--client-secret-file', file);
}

const store = createSignInStore(join(home, 'sallyport'));
const credential = createSignedIn({
  server,
  name: 'conformance',
  store,
  events: createSignInEvents(store.folder),
  tell: async () => true,
  nowMs: () => Date.now(),
});
let signIns = 0;
const maxSignIns = 6;

/** As often as the gateway says that a person must; undefined once it helps no more. */
async function through<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  for (;;) {
    const value = await work();
    if (!/a person (?:must run|runs)/.test(JSON.stringify(value))) return value;
    signIns += 1;
    if (signIns > maxSignIns || (await person.run('sign-in', server.href, ...more)) !== 0) return undefined;
  }
}

const client = await rawClient(
  createHttpServer({ url: server, credential, maxAnswerBytes: defaultLimits.maxAnswerBytes, say: () => undefined }),
  { begin: false },
);
const began = await through(() =>
  client.ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'conformance', version: '1' },
  }),
);
if (began !== undefined && 'result' in began) {
  client.relay.fromClient({ kind: 'notification', method: 'notifications/initialized', params: {} });
  const listed = await through(() => client.ask('tools/list'));
  if (listed !== undefined) await through(() => client.call('test-tool'));
}
await client.relay.close();
process.stdout.write(`${person.seen.join('\n')}\n`);
person.close();
process.exitCode = began === undefined ? 1 : 0;
