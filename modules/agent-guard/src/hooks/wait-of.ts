import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Waiting } from '../approvals/ask-person.ts';

/** Who does not say how long they wait cannot be asked about: a harness that gives up first would take it for a yes. */
const otherwiseMs = 0;
/** While nothing is sent a connection is cut after two minutes; who waits longer is sent signs of life, which not every client takes. */
const quietMs = 100_000;

/** `Prefer: wait=SECONDS` (RFC 7240 section 4.3): how long whoever asks waits for an answer. */
export function waitMsOf({ prefer }: IncomingHttpHeaders): number {
  const said = /(?:^|[,;])\s*wait\s*=\s*(\d{1,5})\s*(?:$|[,;])/i.exec(String(prefer ?? ''))?.[1];
  return said === undefined ? otherwiseMs : Number(said) * 1000;
}

/** Whoever waits behind a request: until their connection closes, with `102 Processing` (RFC 2518) as sign of life where they wait long. */
export async function withWaiting<Result>(
  {
    request,
    reply,
  }: {
    readonly request: { readonly headers: IncomingHttpHeaders };
    readonly reply: { readonly raw: ServerResponse };
  },
  task: (waiting: Waiting) => Promise<Result>,
): Promise<Result> {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  const { raw } = reply;
  const waitMs = waitMsOf(request.headers);
  raw.on('close', abort);
  try {
    return await task({
      waitMs,
      signal: gone.signal,
      ...(waitMs <= quietMs
        ? {}
        : {
            onWaiting: () => {
              if (!raw.headersSent && !raw.destroyed) raw.writeProcessing();
            },
          }),
    });
  } finally {
    raw.off('close', abort);
  }
}
