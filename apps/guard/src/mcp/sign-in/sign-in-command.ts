import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readOwnFile } from '../locked-file.ts';
import { usage } from '../options.ts';
import { plainLine } from '../plain-line.ts';
import { stateDirectory } from '../state-directory.ts';
import { ownTerminal, type Terminal } from '../terminal.ts';
import { wordsOf } from '../upstream.ts';
import { scopesIn } from './challenge.ts';
import type { GivenClient } from './choose-client.ts';
import { createGuardedAsk } from './guarded-ask.ts';
import { openBrowser } from './open-browser.ts';
import type { Person, SignInFacts } from './person.ts';
import { createSignInEvents, shownAddress } from './sign-in-events.ts';
import { createSignInStore, type SignIn, type SignInStore } from './sign-in-store.ts';
import { signIn } from './sign-in.ts';
import { revokeToken } from './token-endpoint.ts';
import { whichServer } from './which-server.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export type SignInNeeds = {
  readonly environment: Environment;
  readonly write: (line: string) => void;
  readonly terminal?: Terminal;
  /** Shows an address of the web to the person. */
  readonly show?: (url: URL) => void;
  readonly nowMs?: () => number;
  readonly signal?: AbortSignal;
};

/** `sallyport-guard mcp sign-in | sign-out | sign-ins`. Gives the exit code; never throws. */
export async function runSignIns(args: readonly string[], needs: SignInNeeds): Promise<number> {
  const { environment, write, terminal = ownTerminal, nowMs = () => Date.now() } = needs;
  const [what, ...rest] = args;
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      allowPositionals: true,
      options: {
        settings: { type: 'string', default: '.mcp.json' },
        'client-id': { type: 'string' },
        'client-secret-file': { type: 'string' },
        'client-document': { type: 'string' },
        issuer: { type: 'string' },
        scope: { type: 'string' },
        redirect: { type: 'string' },
      },
    });
    const store = createSignInStore(stateDirectory(environment));
    if (what === 'sign-ins') {
      for (const line of store.list().flatMap((one) => linesOf(one, nowMs()))) write(line);
      return 0;
    }
    const [asked] = positionals;
    if (asked === undefined) throw new Error(`${what ?? ''} must name a server, by its name or address`);
    const { url, name } = whichServer(asked, { store, settings: values.settings });
    // An agent runs commands, and has no terminal of its own: signed in to its own account, what it writes would go there.
    if (!terminal.isThere) throw new Error('a person must do this at a terminal');
    const events = createSignInEvents(store.folder);
    if (what === 'sign-out') {
      await signOut({ url, store, events, write, nowMs });
      return 0;
    }
    const { issuer, scope } = values;
    const done = await signIn(
      {
        server: url,
        ...(name === undefined ? {} : { name }),
        client: clientOf(values),
        ...(issuer === undefined ? {} : { issuer }),
        ...(scope === undefined ? {} : { scopes: scopesIn(scope) }),
        ...redirectOf(values.redirect),
      },
      {
        store,
        events,
        person: personAt(terminal, {
          write,
          show: needs.show ?? ((address) => void openBrowser(address, environment).catch(() => undefined)),
        }),
        nowMs,
        newText: () => randomBytes(32).toString('base64url'),
        signal: needs.signal ?? new AbortController().signal,
      },
    );
    write(`Signed in to ${shownAddress(url)} by ${done.issuer}${scopeWords(done.scopes)}`);
    return 0;
  } catch (error) {
    process.stderr.write(`Sallyport: ${plainLine(wordsOf(error))}\n${error instanceof TypeError ? usage : ''}`);
    return 2;
  }
}

function clientOf(values: {
  readonly 'client-id'?: string;
  readonly 'client-secret-file'?: string;
  readonly 'client-document'?: string;
}): GivenClient {
  const { 'client-id': id, 'client-secret-file': secretFile, 'client-document': document } = values;
  if (secretFile === undefined)
    return { ...(id === undefined ? {} : { id }), ...(document === undefined ? {} : { document }) };
  if (id === undefined) throw new Error('--client-secret-file goes with --client-id');
  const secret = readOwnFile(secretFile, 64 * 1024, { isSecret: true })?.trim();
  if (secret === undefined) throw new Error(`there is no file "${secretFile}"`);
  return { id, secret };
}

function redirectOf(text: string | undefined): {
  readonly redirect?: { readonly port: number; readonly path: string };
} {
  if (text === undefined) return {};
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url?.protocol !== 'http:' ||
    url.hostname !== '127.0.0.1' ||
    url.port === '' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new Error('--redirect must be http://127.0.0.1:PORT/PATH');
  return { redirect: { port: Number(url.port), path: url.pathname } };
}

function personAt(
  terminal: Terminal,
  { write, show }: { readonly write: (line: string) => void; readonly show: (url: URL) => void },
): Person {
  return {
    async agrees(facts) {
      for (const line of factLines(facts)) write(line);
      return (await terminal.ask('Type "yes" to go on: ')).trim() === 'yes';
    },
    goTo(url) {
      write('Sign in there:');
      write(url.href);
      show(url);
    },
    pasted: (signal) => terminal.ask('Waiting. Is your browser elsewhere: paste the address it ends at: ', signal),
  };
}

function factLines({
  server,
  resource,
  issuer,
  elsewhere,
  issuerBefore,
  scopes,
  added,
  redirect,
}: SignInFacts): string[] {
  return [
    `Server:  ${server}`,
    ...(resource === server ? [] : [`  which calls itself ${resource}`]),
    `Account: ${issuer} gives out the token${elsewhere === undefined ? '' : `, at ${elsewhere}`}`,
    ...(issuerBefore === undefined ? [] : [`  until now it was ${issuerBefore}`]),
    `Scopes:  ${scopes.length === 0 ? 'none named' : scopes.join(' ')}`,
    ...(added.length === 0 || added.length === scopes.length ? [] : [`  new are ${added.join(' ')}`]),
    `Answer:  ${redirect}`,
  ];
}

async function signOut({
  url,
  store,
  events,
  write,
  nowMs,
}: {
  readonly url: URL;
  readonly store: SignInStore;
  readonly events: ReturnType<typeof createSignInEvents>;
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
}): Promise<void> {
  const gone = await store.change(url, async (now) => {
    const { signedIn } = now ?? {};
    if (signedIn === undefined) return { value: undefined };
    events.keep({
      change: 'signed_out',
      atMs: nowMs(),
      ...(now?.name === undefined ? {} : { name: now.name }),
      server: shownAddress(url),
      issuer: signedIn.issuer,
      scopes: signedIn.scopes,
    });
    return { value: signedIn };
  });
  if (gone === undefined) throw new Error(`nobody is signed in to ${shownAddress(url)}`);
  write(`Signed out of ${shownAddress(url)}: its tokens are not on this machine any more`);
  const { tokens, revocationEndpoint, client, from, issuer } = gone;
  if (tokens === undefined) return;
  const token = tokens.refresh ?? tokens.access;
  const hint = tokens.refresh === undefined ? 'access_token' : 'refresh_token';
  const isOver =
    revocationEndpoint !== undefined &&
    (await revokeToken(
      { client, ask: createGuardedAsk({ from }) },
      { url: new URL(revocationEndpoint), token, hint },
    ).catch(() => false));
  write(
    isOver
      ? `${issuer} took them back`
      : `${issuer} was not told, or did not say that it took them back: end the access there too, where it counts`,
  );
}

function linesOf({ server, name, wanted, signedIn }: SignIn, nowMs: number): string[] {
  const address = shownAddress(new URL(server));
  const who = name === undefined ? address : `${name}: ${address}`;
  if (signedIn === undefined) return [`${who}: nobody is signed in`];
  const { issuer, tokens, scopes, sinceMs } = signedIn;
  const isOutstanding = wanted !== undefined && wanted.atMs > sinceMs;
  return [
    `${who}: ${stateOf(tokens, nowMs)}, by ${issuer}${scopeWords(tokens?.scopes ?? scopes)}, since ${new Date(sinceMs).toISOString()}`,
    ...(isOutstanding && wanted.scopes.length > 0 ? [`  it wants ${wanted.scopes.join(' ')}: sign in again`] : []),
  ];
}

function stateOf(tokens: NonNullable<SignIn['signedIn']>['tokens'], nowMs: number): string {
  if (tokens === undefined) return 'over: sign in again';
  if (tokens.refresh !== undefined) return 'signed in, renewed by itself';
  if (tokens.expiresAtMs === undefined) return 'signed in';
  const until = new Date(tokens.expiresAtMs).toISOString();
  return tokens.expiresAtMs <= nowMs ? `over since ${until}: sign in again` : `signed in until ${until}`;
}

function scopeWords(scopes: readonly string[]): string {
  return scopes.length === 0 ? '' : ` for ${scopes.join(' ')}`;
}
