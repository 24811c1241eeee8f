import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { wickedProgram } from './gateway.fixture.ts';

const main = join(import.meta.dirname, '../main.ts');
const modern = fileURLToPath(new URL('modern-server.fixture.ts', import.meta.url));
const everything = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const directory = mkdtempSync(join(tmpdir(), 'sallyport-modern-'));
const closing: (() => Promise<void>)[] = [];
after(async () => {
  await Promise.all(closing.map((close) => close()));
  rmSync(directory, { recursive: true, force: true });
});

const gateway = (name: string, behind: readonly string[], more: readonly string[] = []) => ({
  command: process.execPath,
  args: [
    main,
    'mcp',
    '--name',
    name,
    '--local',
    join(directory, `${name}.json`),
    ...more,
    '--',
    process.execPath,
    ...behind,
  ],
  stderr: 'pipe' as const,
});

test('a client with a handshake uses a server of 2026-07-28, and answers what it wants to know first', async () => {
  const client = new OldClient({ name: 'old', version: '1' }, { capabilities: { elicitation: {} } });
  closing.push(() => client.close());
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
    action: 'accept',
    content: { name: `Kim, asked: ${params.message}` },
  }));
  await client.connect(new OldTransport(gateway('old-new', [modern], ['--let', 'elicitation'])));
  assert.deepEqual((await client.listTools()).tools.map(({ name }) => name).toSorted(), ['add', 'ask_first']);
  assert.match(JSON.stringify(await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } })), /42/);
  const answered = JSON.stringify(await client.callTool({ name: 'ask_first', arguments: {} }));
  assert.match(answered, /Kim, asked: Who is it for\?/);
  // Whom the server knows by its state is the gateway.
  assert.match(answered, /a mark of the server/);
});

test('what was not let is not asked, and the call says so', async () => {
  const client = new OldClient({ name: 'old', version: '1' }, { capabilities: { elicitation: {} } });
  closing.push(() => client.close());
  await client.connect(new OldTransport(gateway('old-new-closed', [modern])));
  await client.listTools();
  const refused = await client.callTool({ name: 'ask_first', arguments: {} }).catch(String);
  assert.doesNotMatch(JSON.stringify(refused), /answered/);
});

test('a client of 2026-07-28 answers what a server of either era wants to know first', async () => {
  for (const [name, behind, tool, what] of [
    ['new-new-asks', [modern], 'ask_first', /Kim/],
    ['new-old-asks', [everything, 'stdio'], 'trigger-elicitation-request', /Kim/],
  ] as const) {
    const client = new Client(
      { name: 'new', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    closing.push(() => client.close());
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Kim' } }));
    await client.connect(new StdioClientTransport(gateway(name, behind, ['--let', 'elicitation'])));
    await client.listTools();
    assert.match(JSON.stringify(await client.callTool({ name: tool, arguments: {} })), what);
  }
});

for (const [what, behind] of [
  ['2026-07-28', [modern]],
  ['a handshake', [wickedProgram, 'plain']],
] as const)
  test(`a client of 2026-07-28 uses a server of ${what}`, async () => {
    const client = new Client({ name: 'new', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    closing.push(() => client.close());
    await client.connect(new StdioClientTransport(gateway(what.replaceAll(/\W/g, ''), behind)));
    const { tools } = await client.listTools();
    assert.equal(tools.length, 2);
    const [first] = tools;
    const result = await client.callTool({ name: first?.name ?? '', arguments: { a: 2, b: 40 } });
    assert.match(JSON.stringify(result), /42|calls/);
  });
