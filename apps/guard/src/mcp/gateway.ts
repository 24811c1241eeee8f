import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createAskServer } from './ask-server.ts';
import type { Gate } from './gate.ts';
import { serveHttp } from './http-front.ts';
import { createHttpServer } from './http-server.ts';
import { createJournal } from './journal.ts';
import { createLocalGate } from './local-gate.ts';
import { readGatewayOptions, usage, type GatewayOptions } from './options.ts';
import { asHandshake } from './modern-server.ts';
import { plainLine } from './plain-line.ts';
import { createRelay, type RelayNeeds } from './relay.ts';
import { readOwnFile, replaceFile } from './locked-file.ts';
import { createServerGate } from './server-gate.ts';
import { createSpool } from './spool.ts';
import { createTaskFile } from './task-file.ts';
import { createTaskSeal, type TaskSeal } from './task-seal.ts';
import { givenCredential } from './sign-in/credential.ts';
import { createSignInEvents } from './sign-in/sign-in-events.ts';
import { createSignInStore } from './sign-in/sign-in-store.ts';
import { createSignedIn } from './sign-in/signed-in.ts';
import { serverAuthority } from '../server-authority.ts';
import { stateDirectory } from './state-directory.ts';
import { serveStdio } from './stdio-front.ts';
import { createStdioServer } from './stdio-server.ts';
import type { ToolServer } from './tool-server.ts';
import { wordsOf } from './upstream.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `sallyport-guard mcp …`: stands between a harness and one MCP server. Gives the exit code, once one of them is gone: 0 when it was
 * the harness. Never throws.
 */
export async function runGateway(args: readonly string[], environment: Environment): Promise<number> {
  let options: GatewayOptions;
  try {
    options = readGatewayOptions(args, (name) => join(stateDirectory(environment), `${name}.unasked`));
  } catch (error) {
    process.stderr.write(`Sallyport: cannot start the gateway: ${wordsOf(error)}\n\n${usage}`);
    return 2;
  }
  const { name, limits, lets } = options;
  // What a server says stands in the log of the harness: it must not look like a line of ours, or move the terminal.
  const say = (line: string): void => void process.stderr.write(`Sallyport (${name}): ${plainLine(line)}\n`);
  try {
    const nowMs = (): number => Date.now();
    const newId = (): string => randomBytes(12).toString('base64url');
    const directory = join(stateDirectory(environment), 'mcp-tasks');
    const taskFile = createTaskFile({ directory, name, nowMs, newId, ...runOf(options, environment) });
    const open = (front: Pick<RelayNeeds, 'toClient' | 'closed'>) => {
      const gate = gateOf(options, { environment, say, nowMs });
      return createRelay({
        ...front,
        name,
        server: asHandshake(serverOf(options, { environment, say, gate, nowMs }), { say }),
        gate,
        limits,
        lets,
        nowMs,
        newId,
        say,
        taskFile,
      });
    };
    const ended = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => ended.abort());
    if (options.listen !== undefined) {
      const { port, tokenFile } = options.listen;
      const token = listenToken(tokenFile);
      const front = await serveHttp({ port, token, maxRequestBytes: limits.maxRequestBytes, open, say });
      say(`listening at http://127.0.0.1:${front.port}/mcp for who brings the token in "${tokenFile}"`);
      if (!ended.signal.aborted)
        await new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve(), { once: true }));
      await front.close();
      return 0;
    }
    const reason = await serveStdio({
      input: process.stdin,
      output: process.stdout,
      maxRequestBytes: limits.maxRequestBytes,
      signal: ended.signal,
      open,
    });
    if (reason === undefined) return 0;
    say(`the server is gone: ${reason}`);
    return 1;
  } catch (error) {
    say(wordsOf(error));
    return 2;
  }
}

function serverOf(
  { name, behind, limits }: GatewayOptions,
  {
    environment,
    say,
    gate,
    nowMs,
  }: {
    readonly environment: Environment;
    readonly say: (line: string) => void;
    readonly gate: Gate;
    readonly nowMs: () => number;
  },
): ToolServer {
  if (behind.kind === 'program')
    return createStdioServer({ command: behind.command, environment, maxAnswerBytes: limits.maxAnswerBytes });
  const { url, bearer } = behind;
  const store = createSignInStore(stateDirectory(environment));
  const credential =
    bearer === undefined
      ? createSignedIn({
          server: url,
          name,
          store,
          events: createSignInEvents(store.folder, { say }),
          tell: (events) => gate.signIns(events),
          nowMs,
        })
      : givenCredential(bearer, environment);
  return createHttpServer({ url, say, credential, maxAnswerBytes: limits.maxAnswerBytes });
}

function gateOf(
  { name, local, spool }: GatewayOptions,
  {
    environment,
    say,
    nowMs,
  }: { readonly environment: Environment; readonly say: (line: string) => void; readonly nowMs: () => number },
): Gate {
  if (local !== undefined)
    return createLocalGate({ name, file: local, journal: createJournal(`${local}.calls`), nowMs, say });
  const { SALLYPORT_AGENT_TOKEN: token, SALLYPORT_AGENT_SERVER: server, SALLYPORT_AGENT_CA: caFile } = environment;
  const session = sessionIn(environment);
  if (token === undefined || token === '' || server === undefined || server === '')
    throw new Error(
      'this agent was not started with "sallyport agent run -- PROGRAM", so nobody knows whose it is ' +
        '(its harness must hand SALLYPORT_AGENT_TOKEN and SALLYPORT_AGENT_SERVER on; "--local FILE" needs no server)',
    );
  const ca = caFile === undefined || caFile === '' ? undefined : serverAuthority(caFile);
  if (ca === null)
    throw new Error(
      `Cannot read the certificate of the server from "${caFile ?? ''}": it must be a certificate in PEM form`,
    );
  const ask = createAskServer({ server, token, ...(ca === undefined ? {} : { ca }) });
  return createServerGate({
    name,
    ask,
    nowMs,
    say,
    ...(spool === undefined ? {} : { spool: createSpool(spool, { say }) }),
    ...(session === undefined ? {} : { session }),
  });
}

/** Whose tasks a gateway that comes back may go on with; without a server of Sallyport nobody says whether it may. */
function runOf(
  { local }: GatewayOptions,
  environment: Environment,
): { readonly session?: string; readonly seal?: TaskSeal } {
  const [session, token = ''] = [sessionIn(environment), environment['SALLYPORT_AGENT_TOKEN']];
  if (session === undefined) return {};
  return { session, ...(local !== undefined || token === '' ? {} : { seal: createTaskSeal(token) }) };
}

/** The run, as the environment names it. */
function sessionIn({ SALLYPORT_AGENT_SESSION: session }: Environment): string | undefined {
  return session === undefined || !/^[0-9a-f]{1,64}$/.test(session) ? undefined : session;
}

/** Made where there is none yet; nobody else may read it. */
function listenToken(file: string): string {
  const kept = readOwnFile(file, 4096, { isSecret: true })?.trim();
  if (kept === undefined) {
    const token = randomBytes(32).toString('base64url');
    replaceFile(file, `${token}\n`);
    return token;
  }
  if (/^[\x21-\x7e]{20,1000}$/.test(kept)) return kept;
  throw new Error(`"${file}" holds no token: must be at least 20 characters; take the file away to have one made`);
}
