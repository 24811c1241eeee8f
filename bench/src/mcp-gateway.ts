import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isJsonObject, itemsOf, parseJson, textOf, type JsonObject } from '@sallyport/contracts';
import { asker, type Ask } from './asking.ts';
import type { Bench } from './bench.ts';
import { repositoryRoot, withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import { latencies, rounded, type Latencies } from './statistics.ts';

const limitMs = 10;

/** A server of MCP that answers at once, so that what is measured is the way to it. */
const echo = `
import { createInterface } from 'node:readline';
const send = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') send(id, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'echo', version: '1' } });
  else if (method === 'tools/list') send(id, { tools: [{ name: 'read_note', inputSchema: { type: 'object' } }] });
  else if (method === 'tools/call') send(id, { content: [{ type: 'text', text: 'note ' + params.arguments.note }] });
});`;
const behind = [process.execPath, '--input-type=module', '-e', echo];

type Client = { ask(method: string, params: JsonObject): Promise<JsonObject>; end(): void };

/** What a call waits for on its way through the gateway, beside the same call without it. */
export const mcpGateway: Bench = {
  name: 'mcp-gateway',
  target: `a call through the gateway, judged and recorded before and after: p99 under ${limitMs * 2} ms over a direct one`,
  run: async ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const count = options.tiny ? 10 : 1000;
      const guard = buildGuard(join(directory, 'guard'));
      const server = await startServer(directory, options.profileDirectory);
      const clients: Client[] = [];
      try {
        const ask = asker(server.address);
        const run = await begin(ask, server.operatorKey);
        const environment = { SALLYPORT_AGENT_TOKEN: run.token, SALLYPORT_AGENT_SERVER: server.address };
        const gateway = [process.execPath, guard, 'mcp', '--name', 'bench', '--tool-calls-a-minute', '100000'];
        const rates = ['--calls-a-minute', '100000', '--in-flight', '200'];
        const open = async (command: readonly string[]): Promise<Client> => {
          const client = await clientOf(command, environment);
          clients.push(client);
          return client;
        };
        const direct = await open(behind);
        const local = await open([...gateway, ...rates, '--local', join(directory, 'pins.json'), '--', ...behind]);
        const central = await open([...gateway, ...rates, '--', ...behind]);
        const listed = await central.ask('tools/list', {});
        if (listed['error'] !== undefined) throw new Error(`No tools: ${JSON.stringify(listed)}`);
        await approve(ask, server.operatorKey);
        for (const client of [local, central]) await client.ask('tools/list', {});
        const taken: Record<'direct' | 'local' | 'central', number[]> = { direct: [], local: [], central: [] };
        for (let at = 0; at < count; at += 1) {
          taken.direct.push(await call(direct, at));
          taken.local.push(await call(local, at));
          taken.central.push(await call(central, at));
          if (at % 200 === 0) progress(`${at} calls, one after another`);
        }
        const beganMs = performance.now();
        // One run is let in 300 times a second, 600 at once, and asks twice a call: more would measure that limit.
        const together = options.tiny ? 10 : 200;
        for (let at = 0; at < together; at += 100)
          await Promise.all(Array.from({ length: Math.min(100, together - at) }, (_, one) => call(central, at + one)));
        const perSecond = (together / (performance.now() - beganMs)) * 1000;
        const figures = {
          direct: latencies(taken.direct),
          local: latencies(taken.local),
          central: latencies(taken.central),
        };
        return {
          processed: count * 3 + together,
          inputs: { calls: count, together },
          figures: { ...figures, central_100_at_once: { calls_per_second: rounded(perSecond) } },
          ratios: {
            added_p99_to_target: rounded(over(figures) / (limitMs * 2)),
            central_p50_to_direct: rounded(figures.central.p50 / figures.direct.p50),
          },
          notes: [
            'Milliseconds, of whole calls over standard input and output, in turn: without the gateway, with local pins, with the server',
            'The server answers twice a call, each time once the ledger holds it: before the call goes, and before its answer is handed on',
            'The local mode writes two lines durably',
          ],
        };
      } finally {
        for (const client of clients) client.end();
        await server.stop();
      }
    }),
};

function over({ central, direct }: { readonly central: Latencies; readonly direct: Latencies }): number {
  return central.p99 - direct.p50;
}

async function call(client: Client, note: number): Promise<number> {
  const beganMs = performance.now();
  const result = await client.ask('tools/call', { name: 'read_note', arguments: { note } });
  const tookMs = performance.now() - beganMs;
  if (!JSON.stringify(result).includes(`"note ${note}"`)) throw new Error(`It did not go: ${JSON.stringify(result)}`);
  return tookMs;
}

async function clientOf(command: readonly string[], environment: Readonly<Record<string, string>>): Promise<Client> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], env: environment });
  const waiting = new Map<number, (answer: JsonObject) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parseJson(line);
    if (isJsonObject(message) && typeof message['id'] === 'number') waiting.get(message['id'])?.(message);
  });
  let asked = 0;
  const send = (body: JsonObject): void => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...body })}\n`);
  const client: Client = {
    ask: (method, params) =>
      new Promise((resolve) => {
        const id = (asked += 1);
        waiting.set(id, (answer) => {
          waiting.delete(id);
          resolve(answer);
        });
        send({ id, method, params });
      }),
    end: () => void child.kill('SIGKILL'),
  };
  await client.ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'b', version: '1' },
  });
  send({ method: 'notifications/initialized' });
  return client;
}

async function begin(ask: Ask, key: string): Promise<{ readonly token: string }> {
  const begun = await asked(ask, key, [
    'POST',
    '/v1/agent/sessions',
    { agent: 'bench', harness: 'other', attended: false },
  ]);
  const { token, agent } = begun;
  if (typeof token !== 'string' || !isJsonObject(agent)) throw new Error('No run was begun');
  await asked(ask, key, ['PATCH', `/v1/agents/${textOf(agent['id'])}`, { pack: 'observe' }]);
  return { token };
}

async function approve(ask: Ask, key: string): Promise<void> {
  const [met] = itemsOf((await asked(ask, key, ['GET', '/v1/agents/tool-servers']))['servers']);
  const path = `/v1/agents/tool-servers/${isJsonObject(met) ? textOf(met['id']) : ''}`;
  const tools = itemsOf((await asked(ask, key, ['GET', path]))['each']).flatMap((tool) =>
    isJsonObject(tool) ? [{ name: textOf(tool['name']), digest: textOf(tool['digest']) }] : [],
  );
  await asked(ask, key, ['POST', `${path}/approve`, { tools }]);
}

async function asked(
  ask: Ask,
  key: string,
  [method, path, body]: readonly [string, string, JsonObject?],
): Promise<JsonObject> {
  const { status, text } = await ask(method, path, { authorization: `Bearer ${key}` }, body);
  const read = status < 300 ? parseJson(text) : undefined;
  if (!isJsonObject(read)) throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 200)}`);
  return read;
}

function buildGuard(directory: string): string {
  const built = spawnSync(process.execPath, [join(repositoryRoot, 'apps/guard/build.ts'), directory], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`Cannot build the guard: ${built.stderr}`);
  return built.stdout.trim();
}
