// The real server with its supervisor, sealer and store, in directories of its own, for tests to use, kill and damage.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpAsk } from './http-request.ts';
import type { HttpAnswer, HttpQuestion } from './http-request.ts';
import { killNow, processesOfGroup } from './process-group.ts';
import type { RunningProcess } from './process-group.ts';
import { compileCache, inSources, programFile, repositoryRoot } from './programs.ts';
import { eventually } from './waiting.ts';

export { repositoryRoot };

export type Role = 'supervisor' | 'server' | 'sealer' | 'store';
export type FirstKeys = { readonly ingest: string; readonly operator: string };

export type Health = {
  readonly head: string;
  readonly ledger: { readonly up: boolean; readonly intake_allowed?: boolean };
  readonly search: { readonly up: boolean; readonly rows: number | null; readonly error: string | null };
  readonly projections: readonly { readonly name: string; readonly state: string; readonly cursor: string }[];
  readonly processes: {
    readonly server: { readonly pid: number; readonly memory_bytes: number };
    readonly sealer: { readonly pid: number | null };
    readonly store: { readonly pid: number | null };
  };
};

export type ServerUnderTest = {
  /** Holds everything of this server: data, configuration, HOME. */
  readonly directory: string;
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Starts the supervisor and waits until the server takes events. */
  start(...flags: string[]): Promise<void>;
  /** Starts the supervisor and waits for nothing. */
  launch(...flags: string[]): void;
  ready(timeoutMs?: number): Promise<void>;
  /** Where it listens; the newest start counts. */
  address(): string;
  /** As the first run printed them. */
  keys(): FirstKeys;
  /** Everything printed so far, both streams. */
  output(): string;
  pid(role: Role): number | undefined;
  /** kill -9. The roles that were running. */
  kill(...roles: Role[]): Role[];
  /** SIGTERM to the supervisor, as a terminal or an init system sends it; the exit code once all of its processes are gone. */
  stop(): Promise<number | null>;
  /** Waits until the supervisor has ended by itself. */
  ended(timeoutMs: number): Promise<number | null>;
  /** Everything that still runs, in any role. */
  processes(): RunningProcess[];
  /** Asks over HTTP, with the operator key unless another one, or an empty one, is given. */
  ask(question: HttpQuestion & { readonly key?: string }): Promise<HttpAnswer>;
  /** Asks over the operator socket. */
  askLocally(question: HttpQuestion): Promise<HttpAnswer>;
  health(): Promise<Health>;
  /** Waits until every projection has applied everything the ledger holds. */
  caughtUp(timeoutMs?: number): Promise<Health>;
  /** Kills what still runs and removes the directory. */
  end(): Promise<void>;
};

const readyTimeoutMs = 120_000;

export function createServerUnderTest(
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    /** Where the data directory shall be; beside the rest unless given. */
    readonly dataDirectory?: string;
  } = {},
): ServerUnderTest {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-'));
  const dataDirectory = options.dataDirectory ?? join(directory, 'data');
  const home = join(directory, 'home');
  mkdirSync(home);
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    // As the launcher starts it: what was compiled before is not compiled again.
    NODE_COMPILE_CACHE: compileCache(),
    HOME: home,
    XDG_CONFIG_HOME: join(directory, 'config'),
    XDG_STATE_HOME: join(directory, 'state'),
    SALLYPORT_LOG: 'pretty',
    // Other tests run on the same disk, which may be nearly full.
    SALLYPORT_DISK_WATERMARK_MB: '64',
    SALLYPORT_DISK_RESERVE_MB: '4',
    SALLYPORT_STORE_MEMORY_MB: '1024',
    // What happens on the machine that tests is not what they are about.
    SALLYPORT_SENSOR: 'off',
    ...options.environment,
  };
  const groups = new Set<number>();
  let supervisor: ChildProcess | undefined;
  let output = '';
  let ended: Promise<number | null> = Promise.resolve(null);

  const told = (): string => inSources(output.slice(-4000));
  const processes = (): RunningProcess[] => [...groups].flatMap((group) => processesOfGroup(group));
  const endAll = (): void => {
    // The supervisor first, or it starts another server.
    for (const { pid, commandLine } of processes()) if (roleOf(commandLine) === 'supervisor') killNow(pid);
    for (const { pid } of processes()) killNow(pid);
  };
  process.on('exit', endAll);
  const endOnSignal = (): void => {
    endAll();
    process.exit(1);
  };
  process.once('SIGTERM', endOnSignal);

  const match = (pattern: RegExp): RegExpExecArray => {
    const found = [...output.matchAll(pattern)].at(-1);
    if (found === undefined) throw new Error(`The server has not printed ${String(pattern)}:\n${told()}`);
    return found;
  };

  const server: ServerUnderTest = {
    directory,
    dataDirectory,
    environment,
    launch(...flags) {
      if (supervisor !== undefined && supervisor.exitCode === null && supervisor.signalCode === null)
        throw new Error('The supervisor runs already');
      const child = spawn(
        process.execPath,
        [programFile('apps/server/src/main.ts'), '--data', dataDirectory, '--port', '0', ...flags],
        // A group of its own: whatever it leaves behind is found by it.
        { cwd: directory, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
      );
      supervisor = child;
      if (child.pid !== undefined) groups.add(child.pid);
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      ended = new Promise((done) => {
        child.once('exit', (code) => done(code));
      });
      // What it prints from here on counts.
      output += '\n--- start ---\n';
    },
    async start(...flags) {
      server.launch(...flags);
      await server.ready();
    },
    async ready(timeoutMs = readyTimeoutMs) {
      await eventually({
        what: 'the server takes events',
        timeoutMs,
        everyMs: 50,
        async look() {
          const gone = supervisor?.exitCode ?? supervisor?.signalCode ?? null;
          if (gone !== null) throw new Error(`The supervisor ended (${gone}):\n${told()}`);
          if (!output.slice(output.lastIndexOf('--- start ---')).includes('Sallyport is up at')) return undefined;
          const answer = await server.ask({ path: '/v1/ready', key: '', timeoutMs: 2000 }).catch(() => undefined);
          return answer?.status === 200 ? true : undefined;
        },
        describe: () => told(),
      });
    },
    address: () => match(/Sallyport is up at (\S+)/g)[1] ?? '',
    keys: () => ({
      ingest: match(/send events +(sp_\S+)/g)[1] ?? '',
      operator: match(/everything +(sp_\S+)/g)[1] ?? '',
    }),
    output: () => output,
    pid: (role) => processes().find(({ commandLine }) => roleOf(commandLine) === role)?.pid,
    kill(...roles) {
      const victims = processes().filter(({ commandLine }) => roles.some((role) => role === roleOf(commandLine)));
      if (roles.includes('supervisor')) supervisor = undefined;
      return victims.flatMap(({ pid, commandLine }) => (killNow(pid) ? (roleOf(commandLine) ?? []) : []));
    },
    async stop() {
      supervisor?.kill('SIGTERM');
      return server.ended(90_000);
    },
    async ended(timeoutMs) {
      await eventually({
        what: 'all processes have ended',
        timeoutMs,
        everyMs: 50,
        look: () => (processes().length === 0 ? true : undefined),
        describe: () => `${JSON.stringify(processes(), null, 2)}\n${told()}`,
      });
      return ended;
    },
    processes,
    ask: ({ key, ...question }) => {
      const token = key ?? server.keys().operator;
      const headers = { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...question.headers };
      return httpAsk({ address: server.address() }, { ...question, headers });
    },
    askLocally: (question) => httpAsk({ socketPath: join(dataDirectory, 'run', 'operator.sock') }, question),
    async health() {
      const answer = await server.askLocally({ path: '/v1/health', timeoutMs: 20_000 });
      if (answer.status !== 200) throw new Error(`/v1/health answers ${answer.status}: ${answer.text}`);
      const health: Health = JSON.parse(answer.text);
      return health;
    },
    async caughtUp(timeoutMs = 120_000) {
      let last = '';
      return eventually({
        what: 'every projection has applied everything',
        timeoutMs,
        async look() {
          const health = await server.health().catch((error: unknown) => {
            last = String(error);
          });
          if (health === undefined) return undefined;
          last = JSON.stringify(health);
          const isThere = health.projections.every(
            ({ state, cursor }) => state === 'caught up' && cursor === health.head,
          );
          return isThere && health.search.up ? health : undefined;
        },
        describe: () => `${last}\n${told()}`,
      });
    },
    async end() {
      endAll();
      process.off('exit', endAll);
      process.off('SIGTERM', endOnSignal);
      await eventually({
        what: 'killed processes are gone',
        timeoutMs: 60_000,
        look: () => {
          endAll();
          return processes().length === 0 ? true : undefined;
        },
      });
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return server;
}

function roleOf(commandLine: string): Role | undefined {
  const name = /apps\/server\/src\/(main|server|sealer|store)\.(?:ts|mjs)/.exec(commandLine)?.[1];
  if (name === 'server' || name === 'sealer' || name === 'store') return name;
  return name === 'main' ? 'supervisor' : undefined;
}
