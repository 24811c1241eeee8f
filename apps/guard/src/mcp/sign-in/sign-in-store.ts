import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, itemsOf, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { readOwnFile, replaceFile, withLock, type Lock } from '../locked-file.ts';
import { scopesIn } from './challenge.ts';
import type { OAuthClient } from './choose-client.ts';
import { clientAuthMethods } from './discover.ts';
import { reaches, type Reach } from './guarded-ask.ts';
import type { Tokens } from './token-endpoint.ts';

type WantedCount = { readonly scopes: string; readonly times: number };

/** What a server asked for and no token of ours has. */
export type Wanted = {
  readonly scopes: readonly string[];
  /** Where its metadata are, as it said when it asked. */
  readonly metadata?: string;
  readonly atMs: number;
  /** A token was not enough, and nobody signed in since. */
  readonly isOpen: boolean;
  /** How often somebody signed in because a token was not enough, by what was wanted then. */
  readonly counts: readonly WantedCount[];
};

/** Who gave out the tokens, and where they are asked for again: as it was when a person signed in, whatever a server says later. */
export type SignedIn = {
  readonly resource: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint?: string;
  readonly from: Reach;
  readonly client: OAuthClient;
  readonly scopes: readonly string[];
  readonly sinceMs: number;
  /** Undefined once it is over: taken back, or used up. */
  readonly tokens?: Tokens;
};

/** One MCP server, by its address. */
export type SignIn = {
  readonly server: string;
  /** Under which a harness knew it last. */
  readonly name?: string;
  readonly wanted?: Wanted;
  readonly signedIn?: SignedIn;
};

/** Sign-ins of this person on this machine: a file each, which nobody else may read. Throws for what is damaged or open to others. */
export type SignInStore = {
  /** Where they lie. */
  readonly folder: string;
  find(server: URL): SignIn | undefined;
  list(): readonly SignIn[];
  /**
   * Reads it, does something, and keeps what comes out while no other program does. `undefined`: it is forgotten. Rejects, and keeps
   * nothing, where another took the file meanwhile.
   */
  change<Value>(
    server: URL,
    work: (
      now: SignIn | undefined,
      lock: Lock,
    ) => Promise<{ readonly signIn?: SignIn; readonly keep?: true; readonly value: Value }>,
  ): Promise<Value>;
};

const maxBytes = 256 * 1024;
const maxSignIns = 500;
const maxCounts = 8;
/** Somebody who refreshes asks a server for up to ten seconds. */
const lockMs = 15_000;

export function createSignInStore(stateDirectory: string): SignInStore {
  const folder = join(stateDirectory, 'mcp-sign-ins');
  const fileOf = (server: URL): string =>
    join(folder, `${createHash('sha256').update(server.href).digest('hex').slice(0, 32)}.json`);

  function read(file: string): SignIn | undefined {
    refuseOpenFolder(folder);
    const text = readOwnFile(file, maxBytes, { isSecret: true });
    if (text === undefined) return undefined;
    let value: unknown;
    try {
      value = parseJson(text);
    } catch {
      value = undefined;
    }
    const signIn = isJsonObject(value) && value['version'] === 1 ? signInOf(value) : undefined;
    if (signIn === undefined) throw new Error(`"${file}" is damaged: take it away, and sign in again`);
    return signIn;
  }
  function find(server: URL): SignIn | undefined {
    const signIn = read(fileOf(server));
    // A file that was moved would send a token to another server.
    if (signIn !== undefined && signIn.server !== server.href)
      throw new Error(`"${fileOf(server)}" is of another server: take it away, and sign in again`);
    return signIn;
  }

  return {
    folder,
    find,
    list() {
      if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
      const files = readdirSync(folder).filter((name) => /^[\da-f]{32}\.json$/.test(name));
      return files
        .toSorted()
        .slice(0, maxSignIns)
        .flatMap((name) => read(join(folder, name)) ?? []);
    },
    async change(server, work) {
      const file = fileOf(server);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return withLock(
        file,
        async (lock) => {
          const { signIn, keep, value } = await work(find(server), lock);
          if (keep === true) return value;
          if (!lock.isOurs()) throw new Error(`"${file}" was taken by another gateway meanwhile`);
          if (signIn === undefined) rmSync(file, { force: true });
          else replaceFile(file, `${JSON.stringify(bodyOf(signIn))}\n`);
          return value;
        },
        { waitMs: lockMs },
      );
    },
  };
}

/** Others could put files of theirs in the place of ours, or see that they are there. */
function refuseOpenFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined || process.platform === 'win32') return;
  if ((found.mode & 0o077) !== 0 || (process.getuid !== undefined && found.uid !== process.getuid()))
    throw new Error(`"${folder}" must be yours and open to nobody else: chmod 700 it`);
}

function bodyOf({ signedIn, wanted, ...rest }: SignIn): JsonObject {
  return {
    version: 1,
    ...rest,
    ...(wanted === undefined ? {} : { wanted: { ...wanted, counts: wanted.counts.map((one) => ({ ...one })) } }),
    ...(signedIn === undefined
      ? {}
      : {
          signedIn: {
            ...plain(signedIn),
            client: { ...signedIn.client },
            ...(signedIn.tokens === undefined ? {} : { tokens: { ...signedIn.tokens } }),
          },
        }),
  };
}

function plain({ client: _client, tokens: _tokens, ...rest }: SignedIn): JsonObject {
  return rest;
}

/** How often somebody signed in for what is wanted now. */
export function timesAskedFor({ scopes, counts }: Wanted): number {
  return counts.find((one) => one.scopes === keyOfScopes(scopes))?.times ?? 0;
}

/** Who signed in for all of it, whatever for, and still has not enough, has asked for it once. */
export function countsOf(
  before: Wanted | undefined,
  { scopes, signedIn }: { readonly scopes: readonly string[]; readonly signedIn: SignedIn | undefined },
): readonly WantedCount[] {
  const { counts = [] } = before ?? {};
  const key = keyOfScopes(scopes);
  const isHad = scopes.length > 0 && scopes.every((scope) => signedIn?.scopes.includes(scope));
  return !isHad || counts.some((one) => one.scopes === key)
    ? counts
    : [{ scopes: key, times: 1 }, ...counts].slice(0, maxCounts);
}

/** Once somebody has signed in. */
export function answered(wanted: Wanted): Wanted {
  if (!wanted.isOpen) return wanted;
  const scopes = keyOfScopes(wanted.scopes);
  const others = wanted.counts.filter((one) => one.scopes !== scopes);
  const counts = [{ scopes, times: timesAskedFor(wanted) + 1 }, ...others].slice(0, maxCounts);
  return { ...wanted, isOpen: false, counts };
}

function keyOfScopes(scopes: readonly string[]): string {
  return scopes.toSorted().join(' ');
}

/** As it was written, or undefined. */
function signInOf(body: JsonObject): SignIn | undefined {
  const server = textOf(body['server']);
  const name = textOf(body['name']);
  const { signedIn, wanted } = body;
  if (!URL.canParse(server)) return undefined;
  const read = isJsonObject(signedIn) ? signedInOf(signedIn) : undefined;
  if (signedIn !== undefined && read === undefined) return undefined;
  return {
    server,
    ...(name === '' ? {} : { name }),
    ...(isJsonObject(wanted) ? { wanted: wantedOf(wanted) } : {}),
    ...(read === undefined ? {} : { signedIn: read }),
  };
}

function wantedOf(body: JsonObject): Wanted {
  const metadata = textOf(body['metadata']);
  const { isOpen, atMs } = body;
  return {
    scopes: scopesOf(body['scopes']),
    atMs: typeof atMs === 'number' ? atMs : 0,
    isOpen: isOpen === true,
    counts: itemsOf(body['counts'])
      .slice(0, maxCounts)
      .flatMap((one) => {
        const { scopes, times } = isJsonObject(one) ? one : {};
        return typeof scopes === 'string' && typeof times === 'number' ? [{ scopes, times }] : [];
      }),
    ...(metadata === '' ? {} : { metadata }),
  };
}

function signedInOf(body: JsonObject): SignedIn | undefined {
  const client = isJsonObject(body['client']) ? clientOf(body['client']) : undefined;
  const from = reaches.find((reach) => reach === body['from']);
  const resource = textOf(body['resource']);
  const issuer = textOf(body['issuer']);
  const tokenEndpoint = textOf(body['tokenEndpoint']);
  const revocationEndpoint = textOf(body['revocationEndpoint']);
  const { sinceMs, tokens } = body;
  if (client === undefined || from === undefined || typeof sinceMs !== 'number') return undefined;
  if (resource === '' || issuer === '' || !URL.canParse(tokenEndpoint)) return undefined;
  return {
    resource,
    issuer,
    tokenEndpoint,
    ...(revocationEndpoint === '' ? {} : { revocationEndpoint }),
    from,
    client,
    scopes: scopesOf(body['scopes']),
    sinceMs,
    ...(isJsonObject(tokens) ? { tokens: tokensOf(tokens) } : {}),
  };
}

function clientOf(body: JsonObject): OAuthClient | undefined {
  const how = (['given', 'document', 'registered'] as const).find((one) => one === body['how']);
  const authMethod = clientAuthMethods.find((one) => one === body['authMethod']);
  const id = textOf(body['id']);
  const secret = textOf(body['secret']);
  const redirect = textOf(body['redirect']);
  if (how === undefined || authMethod === undefined || id === '') return undefined;
  return {
    how,
    id,
    authMethod,
    ...(secret === '' ? {} : { secret }),
    ...(redirect === '' ? {} : { redirect }),
  };
}

function tokensOf(body: JsonObject): Tokens {
  const { expiresAtMs, scopes } = body;
  const refresh = textOf(body['refresh']);
  return {
    access: textOf(body['access']),
    ...(typeof expiresAtMs === 'number' ? { expiresAtMs } : {}),
    ...(refresh === '' ? {} : { refresh }),
    ...(scopes === undefined ? {} : { scopes: scopesOf(scopes) }),
  };
}

function scopesOf(value: JsonValue | undefined): readonly string[] {
  return scopesIn(textsOf(value).join(' '));
}
