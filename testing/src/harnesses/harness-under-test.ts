// A real harness in a run of a real server, with a model of ours: what the tests of each harness share.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { runCommand } from '../command-line.ts';
import type { CommandResult } from '../command-line.ts';
import { freePort } from '../free-port.ts';
import { createServerUnderTest, repositoryRoot } from '../server-under-test.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { eventually } from '../waiting.ts';
import { startModel } from './model-under-test.ts';
import type { ModelTurn } from './model-turn.ts';
import type { ModelScript, ModelUnderTest } from './model-under-test.ts';

export type HarnessUnderTest = {
  readonly server: ServerUnderTest;
  readonly model: ModelUnderTest;
  readonly directory: string;
  readonly home: string;
  readonly workspace: string;
  /** The bundled guard. */
  readonly guard: string;
  /** Starts the server again where it was. */
  startServer(): Promise<void>;
  /** kill -9, and nobody listens where it was any more. */
  killServer(): Promise<void>;
  environment(): Readonly<Record<string, string>>;
  sallyport(...args: string[]): Promise<CommandResult>;
  /** One run of the harness, begun by `sallyport agent run`. */
  run(
    command: readonly string[],
    turns: readonly ModelTurn[],
    script?: ModelScript,
  ): Promise<CommandResult & { readonly session: string }>;
  /** The harness by itself, as somebody would start it who knows nothing of us. */
  alone(command: readonly string[], turns: readonly ModelTurn[], script?: ModelScript): Promise<CommandResult>;
  ask(path: string, method?: 'GET' | 'POST' | 'DELETE', body?: JsonObject): Promise<JsonObject>;
  /** What stands in the ledger of a run, oldest first, once `enough` of it is searchable. */
  timeline(session: string, enough: (codes: readonly string[]) => boolean): Promise<readonly AgentStep[]>;
  end(): Promise<void>;
};

/** An event of an agent: what it is, and what it says under `unmapped.sallyport.agent`. */
export type AgentStep = { readonly code: string; readonly of: JsonObject };

/** `own`: what this harness needs in its environment, which has nothing of the machine's; the model is there by then. */
export async function openHarness(
  own: (place: {
    readonly home: string;
    readonly model: ModelUnderTest;
    readonly bin: string;
  }) => Readonly<Record<string, string>>,
): Promise<HarnessUnderTest> {
  const server = createServerUnderTest();
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-harness-'));
  const [workspace, home] = [join(directory, 'project'), join(directory, 'home')];
  for (const folder of [workspace, home]) mkdirSync(folder);
  writeFileSync(join(workspace, 'notes.txt'), 'The gate closes at nine.\n');
  const model = await startModel();
  const port = await freePort();
  const guard = join(directory, 'sallyport-guard.mjs');
  const built = await runCommand(process.execPath, [join(repositoryRoot, 'apps/guard/build.ts'), directory], {
    cwd: repositoryRoot,
    environment: { ...server.environment },
  });
  assert.equal(built.code, 0, built.stderr);
  const startServer = (): Promise<void> => server.start('--port', String(port));
  await startServer();
  // As an installed command line: the guard finds it on the search path.
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  symlinkSync(join(repositoryRoot, 'sallyport'), join(bin, 'sallyport'));
  const environment = (): Readonly<Record<string, string>> => ({
    ...server.environment,
    HOME: home,
    SALLYPORT_SERVER: server.address(),
    SALLYPORT_KEY: server.keys().operator,
    // Whatever it would send elsewhere goes nowhere, and is known.
    HTTPS_PROXY: model.address,
    HTTP_PROXY: model.address,
    NO_PROXY: '127.0.0.1,localhost',
    PATH: `${bin}:${server.environment['PATH'] ?? ''}`,
    ...own({ home, model, bin }),
  });
  const sallyport = (...args: string[]): Promise<CommandResult> =>
    runCommand(join(repositoryRoot, 'sallyport'), args, {
      cwd: workspace,
      environment: environment(),
      timeoutMs: 180_000,
    });
  const ask: HarnessUnderTest['ask'] = async (path, method = 'GET', body) => {
    const { text } = await server.ask({
      path,
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const read: unknown = text === '' ? {} : parseJson(text);
    assert.ok(isJsonObject(read), text);
    return read;
  };
  return {
    server,
    model,
    directory,
    home,
    workspace,
    guard,
    startServer,
    async killServer() {
      server.kill('supervisor', 'server', 'sealer', 'store');
      await server.ended(60_000);
    },
    environment,
    sallyport,
    async run(command, turns, script) {
      model.tell(turns, script);
      const ran = await sallyport('agent', 'run', '--name', 'builder', '--', ...command);
      const session = /session ([0-9a-f]{16})/.exec(ran.stderr)?.[1] ?? '';
      assert.notEqual(session, '', ran.stderr);
      return { ...ran, session };
    },
    alone([file = '', ...args], turns, script) {
      model.tell(turns, script);
      return runCommand(file, args, { cwd: workspace, environment: environment(), timeoutMs: 180_000 });
    },
    ask,
    timeline: (session, enough) =>
      eventually({
        what: `the events of session ${session}`,
        timeoutMs: 60_000,
        look: async () => {
          const { events } = await ask(`/v1/events?limit=200&q=${encodeURIComponent(`log_name:agent "${session}"`)}`);
          const steps = (Array.isArray(events) ? events : []).flatMap(stepOf).toReversed();
          return enough(steps.map(({ code }) => code)) ? steps : undefined;
        },
      }),
    async end() {
      await model.close();
      await server.end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function stepOf(row: unknown): AgentStep[] {
  const at = (value: unknown, name: string): JsonObject => {
    const inner: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    return isJsonObject(inner) ? inner : {};
  };
  const event = at(row, 'event');
  const { message } = event;
  if (typeof message !== 'string') return [];
  return [{ code: message, of: at(at(at(event, 'unmapped'), 'sallyport'), 'agent') }];
}

export function callOf(tool: string, input: JsonObject): ModelTurn {
  return { kind: 'call', tool, input };
}
