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
  /** On the disk when it returns. Throws where it cannot be kept, or could not be told: then what it tells of does not happen. */
  keep(event: SignInEvent): void;
  /** Hands on all that was kept before, the oldest first, and forgets what `tell` has taken; ends where it says false. */
  drain(tell: (events: readonly SignInEvent[]) => Promise<boolean>): Promise<void>;
};

const maxKept = 1000;
const atOnce = 100;
const fileName = /^event-\d{1,16}-[\da-f]{16}\.json$/;

/** A file each, so that several gateways at once may hand on the same one twice, and none is ever lost. */
export function createSignInEvents(
  folder: string,
  { say = () => undefined }: { readonly say?: (line: string) => void } = {},
): SignInEvents {
  let running: Promise<void> = Promise.resolve();
  /** Has not begun: it sees what is kept by now. */
  let next: Promise<void> | undefined;
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
      const text = JSON.stringify(event);
      if (eventIn(text) === undefined) throw new Error('this sign-in cannot be put on record: its addresses are none');
      if (kept().length >= maxKept) throw new Error(`"${folder}" holds ${maxKept} events nobody was told of`);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `event-${String(event.atMs).padStart(16, '0')}-${randomBytes(8).toString('hex')}.json`);
      writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
    },
    drain(tell) {
      const begin = (): Promise<void> => {
        next = undefined;
        running = drainAll(tell);
        return running;
      };
      next ??= running.then(begin, begin);
      return next;
    },
  };

  async function drainAll(tell: Parameters<SignInEvents['drain']>[0]): Promise<void> {
    for (let names = kept(); names.length > 0; names = kept()) {
      const read = names.slice(0, atOnce).flatMap((name) => {
        const event = readEvent(join(folder, name));
        return event === undefined ? [] : [{ name, event }];
      });
      if (read.length > 0 && !(await tell(read.map(({ event }) => event)))) return;
      for (const { name } of read) rmSync(join(folder, name), { force: true });
    }
  }

  /** Undefined where another gateway has told it, or it cannot be read: such a one is put aside, for somebody to look at. */
  function readEvent(file: string): SignInEvent | undefined {
    const text = readOwnFile(file, 64 * 1024);
    const event = text === undefined ? undefined : eventIn(text);
    if (text !== undefined && event === undefined) {
      renameSync(file, `${file}.unreadable`);
      say(`an event of a sign-in cannot be read, and was told nobody: it lies in "${file}.unreadable"`);
    }
    return event;
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
  if (!isRecordable(server) || !isRecordable(issuer) || !/^[\w-]{0,60}$/.test(reason)) return undefined;
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

/** An address with nothing in it that hides or ends a line. */
export function isRecordable(address: string): boolean {
  return /^https?:\/\/[\x21\x22\x24-\x3e\x40-\x7e]{1,990}$/.test(address);
}

/** As it may be shown and recorded: a query may hold a key. */
export function shownAddress(server: URL): string {
  return `${server.origin}${server.pathname}`.slice(0, 900);
}
