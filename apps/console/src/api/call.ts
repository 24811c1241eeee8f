import type { Routes } from './client.generated.ts';
import { Problem, readProblem } from './problem.ts';
import { purposeOf, requestProof } from './step-up.ts';

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
 * proof of who asks has the page ask for it, and goes on once by itself.
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
  const response = await send(route, given);
  if (response.ok) return response;
  const problem = readProblem(response, await response.text());
  if (problem.code !== 'step_up_required' || !(await requestProof(given.purpose ?? purposeOf(route)))) throw problem;
  const again = await send(route, given);
  if (!again.ok) throw readProblem(again, await again.text());
  return again;
}

async function send(route: Route, { params, query, body, raw, signal }: Given): Promise<Response> {
  const [method = 'GET', pattern = ''] = route.split(' ');
  const path = fill(pattern, params);
  const search = new URLSearchParams(
    Object.entries(query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  ).toString();
  let response: Response;
  try {
    response = await fetch(search === '' ? path : `${path}?${search}`, {
      method,
      credentials: 'same-origin',
      // Only a page of ours can set this header: with it and SameSite=Strict a foreign page cannot act in somebody's name.
      headers: {
        'x-sallyport': '1',
        ...(isOfItself(method) ? { 'x-sallyport-background': '1' } : {}),
        ...(raw === undefined ? {} : { 'content-type': raw.type }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(raw === undefined ? {} : { body: raw.content }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
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
