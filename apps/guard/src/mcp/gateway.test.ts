import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject } from '@sallyport/contracts';
import { wickedProgram } from './gateway.fixture.ts';
import { runPins } from './pins-command.ts';

const main = join(import.meta.dirname, '../main.ts');
const fixture = wickedProgram;
const everything = [
  process.execPath,
  fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js')),
  'stdio',
];
const filesystem = [
  process.execPath,
  fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js')),
];

const directory = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'));
const clients: Client[] = [];
after(async () => {
  await Promise.all(clients.map((client) => client.close()));
  rmSync(directory, { recursive: true, force: true });
});

type Joined = { readonly client: Client; stderr(): string };

/** The client of the protocol's own SDK, at the gateway as a program, with a server behind it. */
async function joined(behind: readonly string[], options: readonly string[], capabilities = {}): Promise<Joined> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main, 'mcp', '--name', 'behind', ...options, '--', ...behind],
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const client = new Client({ name: 'test', version: '1' }, { capabilities });
  clients.push(client);
  await client.connect(transport);
  return { client, stderr: () => stderr };
}
const pins = (name: string): string => join(directory, `${name}.json`);

test('a real server is used through the gateway as without it: tools, resources, prompts, completion, progress, taking back', async () => {
  const { client, stderr } = await joined(everything, ['--local', pins('everything'), '--call-seconds', '20']);
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name);
  assert.ok(names.includes('echo'), names.join());
  const echoed = await client.callTool({ name: 'echo', arguments: { message: 'hello there' } });
  assert.match(JSON.stringify(echoed), /hello there/);
  const { resources } = await client.listResources();
  const [resource] = resources;
  assert.ok(resource !== undefined);
  const { contents } = await client.readResource({ uri: resource.uri });
  assert.ok(contents.length > 0);
  const { prompts } = await client.listPrompts();
  assert.ok(prompts.length > 0);
  const got = await client.getPrompt({ name: prompts[0]?.name ?? '' });
  assert.ok(got.messages.length > 0);
  const long = names.find((name) => /long.?running/i.test(name)) ?? '';
  let steps = 0;
  const finished = await client.callTool({ name: long, arguments: { duration: 1, steps: 3 } }, undefined, {
    onprogress: () => (steps += 1),
  });
  assert.match(JSON.stringify(finished), /complet/i);
  assert.ok(steps >= 2, String(steps));
  const over = new AbortController();
  const taken = client.callTool({ name: long, arguments: { duration: 30, steps: 30 } }, undefined, {
    signal: over.signal,
    onprogress: () => over.abort('enough'),
  });
  await assert.rejects(taken);
  const image = names.find((name) => /image/i.test(name)) ?? '';
  assert.match(JSON.stringify(await client.callTool({ name: image })), /"type":"image","data":"[A-Za-z0-9+/]{100}/);
  assert.doesNotMatch(stderr(), /cannot/);
  const calls = readFileSync(`${pins('everything')}.calls`, 'utf8');
  assert.match(calls, /"name":"echo","verdict":"allow"/);
  assert.doesNotMatch(calls, /hello there/);
});

test('what a server asks of the client is denied, and passes where it was let', async () => {
  const sample = async ({ client }: Joined): Promise<string> => {
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant',
      content: { type: 'text', text: 'sampled words' },
    }));
    const { tools } = await client.listTools();
    const name = tools.find((tool) => /sampl/i.test(tool.name))?.name;
    if (name === undefined) return 'not offered';
    return JSON.stringify(await client.callTool({ name, arguments: { prompt: 'p', maxTokens: 10 } }).catch(String));
  };
  const can = { sampling: {} };
  assert.doesNotMatch(await sample(await joined(everything, ['--local', pins('denied')], can)), /sampled words/);
  assert.match(
    await sample(await joined(everything, ['--local', pins('let'), '--let', 'sampling'], can)),
    /sampled words/,
  );
});

test('a file server writes and reads through the gateway, many calls at once', async () => {
  const { client } = await joined([...filesystem, directory], ['--local', pins('files')]);
  await client.listTools();
  const file = join(directory, 'note.txt');
  await client.callTool({ name: 'write_file', arguments: { path: file, content: 'written through' } });
  assert.equal(readFileSync(file, 'utf8'), 'written through');
  const reads = await Promise.all(
    Array.from({ length: 25 }, () => client.callTool({ name: 'read_text_file', arguments: { path: file } })),
  );
  for (const read of reads) assert.match(JSON.stringify(read), /written through/);
});

test('a tool that changes after it was seen is held back with what changed, until a person approves it', async () => {
  const behind = [process.execPath, fixture, 'rug'];
  const file = pins('rug');
  const { client, stderr } = await joined(behind, ['--local', file]);
  await client.listTools();
  await client.callTool({ name: 'get_time' });
  const refused = await client.callTool({ name: 'get_time' });
  assert.match(JSON.stringify(refused), /it has changed, and nobody approved that/);
  assert.deepEqual(
    (await client.listTools()).tools.map(({ name }) => name),
    ['slow'],
  );
  assert.match(stderr(), /grave: description .*id_rsa/);
  const written: string[] = [];
  const write = (line: string): void => void written.push(line);
  const refusing = { isThere: false, ask: async () => 'yes' };
  assert.equal(await runPins(['approve', '--local', file], { write, terminal: refusing }), 2);
  assert.match(JSON.stringify(await client.callTool({ name: 'get_time' })), /nobody approved/);
  assert.equal(
    await runPins(['approve', '--local', file], { write, terminal: { isThere: true, ask: async () => 'no' } }),
    2,
  );
  assert.equal(
    await runPins(['approve', '--local', file], { write, terminal: { isThere: true, ask: async () => 'yes' } }),
    0,
  );
  assert.match(written.join('\n'), /id_rsa/);
  assert.equal((await client.listTools()).tools.length, 2);
  assert.match(JSON.stringify(await client.callTool({ name: 'get_time' })), /call 2/);
});

test('another program under the same name, and pins that are damaged or that others may write, let nothing pass', async () => {
  const file = pins('moved');
  const first = await joined([process.execPath, fixture, 'plain'], ['--local', file]);
  assert.equal((await first.client.listTools()).tools.length, 2);
  const second = await joined([process.execPath, fixture, 'rug'], ['--local', file]);
  assert.deepEqual((await second.client.listTools()).tools, []);
  assert.match(JSON.stringify(await second.client.callTool({ name: 'get_time' })), /not the one that was pinned/);
  writeFileSync(file, '{"version":1,"servers":{"behind":{}}}');
  await assert.rejects(first.client.listTools(), /Cannot read the pins/);
  assert.match(JSON.stringify(await first.client.callTool({ name: 'get_time' }).catch(String)), /Cannot read the pins/);
});

test('a server that is killed in the middle of a call ends the gateway, after the call was answered', async () => {
  const { client, stderr } = await joined([process.execPath, fixture, 'dies'], ['--local', pins('dies')]);
  const closed = new Promise<void>((resolve) => {
    Object.assign(client, { onclose: resolve });
  });
  await assert.rejects(client.callTool({ name: 'get_time' }), /gone: it was ended by SIGKILL/);
  await closed;
  assert.match(stderr(), /the server is gone: it was ended by SIGKILL/);
});

test('the server behind the gateway does not have the credential of the run', async () => {
  const show = 'process.stderr.write("environment " + Object.keys(process.env).join() + "\\n"); process.stdin.resume()';
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main, 'mcp', '--name', 'x', '--local', pins('x'), '--', process.execPath, '-e', show],
    env: { PATH: process.env['PATH'] ?? '', SALLYPORT_AGENT_TOKEN: 'spa_x', OTHER: '1' },
    stderr: 'pipe',
  });
  const said = new Promise<string>((resolve) =>
    transport.stderr?.once('data', (chunk: Buffer) => resolve(String(chunk))),
  );
  const client = new Client({ name: 'test', version: '1' });
  clients.push(client);
  client.connect(transport).catch(() => undefined);
  const environment = await said;
  assert.match(environment, /OTHER/);
  assert.doesNotMatch(environment, /SALLYPORT/);
});

test('lines of the journal hold the digest of the one before', async () => {
  const { client } = await joined([process.execPath, fixture, 'plain'], ['--local', pins('journal')]);
  await client.listTools();
  for (let at = 0; at < 3; at += 1) await client.callTool({ name: 'get_time', arguments: { at } });
  const lines = readFileSync(`${pins('journal')}.calls`, 'utf8')
    .trimEnd()
    .split('\n');
  assert.equal(lines.length, 6);
  const previous = lines.map((line) => {
    const read: unknown = JSON.parse(line);
    return isJsonObject(read) ? read['previous'] : undefined;
  });
  assert.equal(new Set(previous).size, 6);
});
