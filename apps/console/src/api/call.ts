import { addressOf, showKey, signRequest, type SentBody } from './browser-key.ts';
import type { Routes } from './client.generated.ts';
import { noteRefreshed, refreshSession } from './fresh-session.ts';
import { Problem, readProblem } from './problem.ts';
import { purposeOf, requestProof } from './step-up.ts';
import { askToEndOldest } from './too-many-sessions.ts';

export type Route = keyof Routes;
export type Answer<R extends Route> = Routes[R]['answer'];

type Part<Name extends string, Value> = [Value] extends [undefined]
  ? { [K in Name]?: undefined }
  : { [K in Name]: Value };
export type Request<R extends Route> = Part<'params', Routes[R]['params']> &
  OptionalQuery<Routes[R]['query']> &
  Part<'body', Routes[R]['body']> & {
    signal?: AbortSignal;
    /** Sent as it is, where a route takes something else than JSON. */
    raw?: { readonly type: string; readonly content: string | Blob };
    /** To go after “to” when a fresh proof is needed; else what the route does. */ purpose?: string;
  };
type OptionalQuery<Value> = [Value] extends [undefined]
  ? { query?: undefined }
  : Partial<Value> extends Value
    ? { query?: Value }
    : { query: Value };

/**
 * Asks the server. Rejects with a `Problem` for every refusal, and for a server that cannot be reached. What needs a fresh
 * proof of who asks has the page ask for it, and goes on once by itself; so it does with a cookie that went stale, and with what
 * the key of this browser must sign.
 */
export async function call<R extends Route>(route: R, request: Request<R>): Promise<Answer<R>> {
  const response = await ask(route, request);
  if (response.status === 204) return answer<Answer<R>>(null);
  return answer<Answer<R>>(await response.json());
}

/** As `call`, for routes that answer with text. */
export async function callText<R extends Route>(route: R, request: Request<R>): Promise<string> {
  return (await ask(route, request)).text();
}

/** As `call`, for what is no text: a picture, a recording, a file made on demand. Refusals reject before it resolves. */
export async function callBytes<R extends Route>(route: R, request: Request<R>): Promise<Response> {
  return ask(route, request);
}

type Given = {
  readonly params?: object | undefined;
  readonly query?: object | undefined;
  readonly body?: unknown;
  readonly raw?: { readonly type: string; readonly content: string | Blob };
  readonly signal?: AbortSignal;
  readonly purpose?: string;
};

async function ask(route: Route, given: Given): Promise<Response> {
  const [method = 'GET', pattern = ''] = route.split(' ');
  const address = addressOf(withQuery(fill(pattern, given.params), given.query));
  const body = given.raw?.content ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
  let headers = await keyHeaders(route);
  const tried = new Set<string>();
  for (;;) {
    const sentAtMs = Date.now();
    // One after the other: each answer says what the next try needs.
    const response = await send({ method, address, headers, body }, given);
    if (response.ok) {
      if (beginsSession(route) || route === 'POST /v1/session/step-up') noteRefreshed();
      return response;
    }
    const problem = readProblem(response, await response.text());
    const remedy = problem.details.get('reason') === 'session_stale' ? 'session_stale' : problem.code;
    const more = tried.has(remedy)
      ? undefined
      : await remedied({ remedy, problem, method, address, body, sentAtMs, route, given });
    if (more === undefined) throw problem;
    tried.add(remedy);
    headers = more;
  }
}

/** What the next try is to carry, after what this one was refused for; undefined when nothing helps. */
async function remedied(refused: {
  readonly remedy: string;
  readonly problem: Problem;
  readonly method: string;
  readonly address: string;
  readonly body: SentBody;
  readonly sentAtMs: number;
  readonly route: Route;
  readonly given: Given;
}): Promise<Readonly<Record<string, string>> | undefined> {
  const { remedy, problem, method, address, body, sentAtMs, route, given } = refused;
  if (remedy === 'session_stale') return (await refreshSession(sentAtMs)) ? {} : undefined;
  if (remedy === 'step_up_required') return (await requestProof(given.purpose ?? purposeOf(route))) ? {} : undefined;
  if (remedy === 'sessions_exceeded') {
    if (!(await askToEndOldest(Number(problem.details.get('max') ?? 1)))) return undefined;
    return { ...(await keyHeaders(route)), 'x-sallyport-end-oldest': '1' };
  }
  const challenge = problem.details.get('challenge');
  const session = problem.details.get('session');
  if (remedy !== 'key_proof_required' || typeof challenge !== 'string' || typeof session !== 'string') return undefined;
  const proof = await signRequest({ session, method, address, body, challenge });
  return proof === undefined ? undefined : { 'x-sallyport-proof': proof };
}

/** Whether a session may begin with it, which is to be bound to this browser. */
function beginsSession(route: Route): boolean {
  return /^POST \/v1\/(?:session|enrolment)(?!.*\/(?:options|challenge|refresh|step-up)$)(?:\/|$)/.test(route);
}

async function keyHeaders(route: Route): Promise<Readonly<Record<string, string>>> {
  if (!beginsSession(route)) return {};
  const { challenge } = await call('POST /v1/session/key/challenge', {});
  const shown = await showKey(challenge);
  return shown === undefined ? {} : { 'x-sallyport-key': shown };
}

function withQuery(path: string, query: object | undefined): string {
  const search = new URLSearchParams(
    Object.entries(query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  ).toString();
  return search === '' ? path : `${path}?${search}`;
}

async function send(
  {
    method,
    address,
    headers,
    body,
  }: { method: string; address: string; headers: Readonly<Record<string, string>>; body: SentBody },
  given: Given,
): Promise<Response> {
  const { raw, signal } = given;
  let response: Response;
  try {
    response = await fetch(address, {
      method,
      credentials: 'same-origin',
      // Only a page of ours can set this header: with it and SameSite=Strict a foreign page cannot act in somebody's name.
      headers: {
        'x-sallyport': '1',
        ...headers,
        ...(isOfItself(method) ? { 'x-sallyport-background': '1' } : {}),
        ...(raw === undefined ? {} : { 'content-type': raw.type }),
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    throw readProblem(undefined, undefined, cause);
  }
  return response;
}

/** Asked while nobody has touched the page: it must not keep a session awake that its owner has left. */
function isOfItself(method: string): boolean {
  return method === 'GET' && 'userActivation' in navigator && !navigator.userActivation.isActive;
}

function fill(pattern: string, params: object | undefined): string {
  const values = new Map(Object.entries(params ?? {}));
  return pattern.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => pathPart(String(values.get(name))));
}

/**
 * One segment of a path, whatever stands in the address bar: an empty one, `.` or `..` would make another request of it
 * than the one that was meant, in the name of whoever opened the link.
 */
function pathPart(value: string): string {
  if (/^\.{0,2}$/.test(value))
    throw new Problem(`Cannot ask for "${value}": it names nothing`, { code: 'address_invalid', status: 400 });
  return encodeURIComponent(value);
}

/** The server writes its answers by the schemas these types are generated from; they are not parsed a second time. */
function answer<Value>(parsed: unknown): Value {
  if (isAnswer<Value>(parsed)) return parsed;
  throw new TypeError('Cannot read the answer');
}

function isAnswer<Value>(value: unknown): value is Value {
  return value !== undefined;
}
