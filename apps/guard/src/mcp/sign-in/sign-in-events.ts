import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { readOwnFile } from '../locked-file.ts';
import { scopesIn } from './challenge.ts';

export const signInChanges = ['signed_in', 'signed_out', 'refresh_failed'] as const;

/** What happened to a sign-in on this machine. Holds no token, no code, and nothing of a query. */
export type SignInEvent = {
  readonly change: (typeof signInChanges)[number];
  readonly atMs: number;
  /** Under which a harness knows the server, where somebody said. */
  readonly name?: string;
  /** Origin and path. */
  readonly server: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly reason?: string;
};

/** Kept on this machine until whoever keeps the record has heard of it. */
export type SignInEvents = {
  /** On the disk when it returns. Throws where it cannot be kept: then what it tells of does not happen. */
  keep(event: SignInEvent): void;
  /** Hands on what is kept, the oldest first, and forgets what `tell` has taken. */
  drain(tell: (events: readonly SignInEvent[]) => Promise<boolean>): Promise<void>;
};

const maxKept = 1000;
const atOnce = 100;
const fileName = /^event-\d{1,16}-[\da-f]{16}\.json$/;

/** A file each, so that several gateways at once may hand on the same one twice, and none is ever lost. */
export function createSignInEvents(folder: string): SignInEvents {
  let draining: Promise<void> | undefined;
  function kept(): string[] {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return [];
    }
    return names.filter((name) => fileName.test(name)).toSorted();
  }
  return {
    keep(event) {
      if (kept().length >= maxKept) throw new Error(`"${folder}" holds ${maxKept} events nobody was told of`);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `event-${String(event.atMs).padStart(16, '0')}-${randomBytes(8).toString('hex')}.json`);
      writeFileSync(`${file}.new`, JSON.stringify(event), { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
    },
    drain(tell) {
      draining ??= drainOnce(tell).finally(() => {
        draining = undefined;
      });
      return draining;
    },
  };

  async function drainOnce(tell: Parameters<SignInEvents['drain']>[0]): Promise<void> {
    const names = kept().slice(0, atOnce);
    if (names.length === 0) return;
    const events = names.flatMap((name) => eventIn(readOwnFile(join(folder, name), 64 * 1024) ?? '') ?? []);
    if (events.length > 0 && !(await tell(events))) return;
    for (const name of names) rmSync(join(folder, name), { force: true });
  }
}

function eventIn(text: string): SignInEvent | undefined {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    return undefined;
  }
  return isJsonObject(body) ? eventOf(body) : undefined;
}

function eventOf(body: JsonObject): SignInEvent | undefined {
  const { atMs } = body;
  const change = signInChanges.find((one) => one === body['change']);
  const name = textOf(body['name']);
  const reason = textOf(body['reason']);
  const server = textOf(body['server']);
  const issuer = textOf(body['issuer']);
  // One that somebody wrote by hand would hold up those that are none.
  if (change === undefined || typeof atMs !== 'number' || !Number.isSafeInteger(atMs)) return undefined;
  if (!isShort(server) || !isShort(issuer) || !/^[\w-]{0,60}$/.test(reason)) return undefined;
  return {
    change,
    atMs,
    ...(/^[\w.-]{1,64}$/.test(name) ? { name } : {}),
    server,
    issuer,
    scopes: scopesIn(textsOf(body['scopes']).join(' ')),
    ...(reason === '' ? {} : { reason }),
  };
}

function isShort(address: string): boolean {
  return /^https?:\/\/[^\s?#]{1,990}$/.test(address);
}

/** As it may be shown and recorded: a query may hold a key. */
export function shownAddress(server: URL): string {
  return `${server.origin}${server.pathname}`.slice(0, 900);
}
