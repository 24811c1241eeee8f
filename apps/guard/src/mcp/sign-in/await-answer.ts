import { listenForAnswer, type CallbackServer } from './callback-server.ts';
import type { Person } from './person.ts';

const waitMs = 5 * 60_000;

/** At the port a client was registered with before; at another, and registered anew, where that is taken. */
export async function listenAt({
  port,
  isFixed,
  path,
  take,
}: {
  readonly port: number;
  readonly isFixed: boolean;
  readonly path: string;
  readonly take: (answer: URLSearchParams) => boolean;
}): Promise<CallbackServer> {
  try {
    return await listenForAnswer({ port, path, take });
  } catch (error) {
    if (isFixed || port === 0) throw error;
    return listenForAnswer({ port: 0, path, take });
  }
}

/** Where the one answer to a sign-in goes, whichever way it comes. */
export type AnswerBox = {
  expect(isOurs: (answer: URLSearchParams) => boolean): void;
  /** True for the one that is expected, once. */
  take(answer: URLSearchParams): boolean;
  readonly given: Promise<URLSearchParams>;
};

export function answerBox(): AnswerBox {
  let isOurs: ((answer: URLSearchParams) => boolean) | undefined;
  let give: (answer: URLSearchParams) => void = () => undefined;
  const given = new Promise<URLSearchParams>((resolve) => {
    give = resolve;
  });
  return {
    expect: (expected) => void (isOurs = expected),
    take(answer) {
      if (isOurs?.(answer) !== true) return false;
      // A code counts once.
      isOurs = undefined;
      give(answer);
      return true;
    },
    given,
  };
}

/** From the browser, or pasted at the terminal. Rejects when nobody came back within five minutes. */
export async function answerFrom({
  answered,
  person,
  redirect,
  signal,
}: {
  readonly answered: AnswerBox;
  readonly person: Person;
  readonly redirect: string;
  readonly signal: AbortSignal;
}): Promise<URLSearchParams> {
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const timer = setTimeout(() => over.abort(), waitMs);
  const ended = new Promise<never>((_resolve, reject) =>
    ends.addEventListener('abort', () => reject(new Error('nobody signed in in time')), { once: true }),
  );
  const pasting = async (): Promise<never> => {
    for (;;) {
      const text = (await person.pasted(ends)).trim();
      if (text.startsWith(`${redirect}?`) && URL.canParse(text)) answered.take(new URL(text).searchParams);
    }
  };
  try {
    return await Promise.race([answered.given, ended, pasting()]);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
