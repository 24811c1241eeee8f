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
import { wickedProgram } from './gateway.fixture.ts';

const main = join(import.meta.dirname, '../main.ts');
const modern = fileURLToPath(new URL('modern-server.fixture.ts', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'sallyport-modern-'));
const closing: (() => Promise<void>)[] = [];
after(async () => {
  await Promise.all(closing.map((close) => close()));
  rmSync(directory, { recursive: true, force: true });
});

const gateway = (name: string, behind: readonly string[]) => ({
  command: process.execPath,
  args: [main, 'mcp', '--name', name, '--local', join(directory, `${name}.json`), '--', process.execPath, ...behind],
  stderr: 'pipe' as const,
});

test('a client with a handshake uses a server of 2026-07-28', async () => {
  const client = new OldClient({ name: 'old', version: '1' });
  closing.push(() => client.close());
  await client.connect(new OldTransport(gateway('old-new', [modern])));
  assert.deepEqual((await client.listTools()).tools.map(({ name }) => name).toSorted(), ['add', 'ask_first']);
  assert.match(JSON.stringify(await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } })), /42/);
  const asked = await client.callTool({ name: 'ask_first', arguments: {} });
  assert.equal(asked.isError, true);
  assert.doesNotMatch(JSON.stringify(asked), /answered/);
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
