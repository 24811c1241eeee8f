// Every route of the description, asked in a way that changes nothing.
import assert from 'node:assert/strict';
import { isJsonObject, type JsonObject, type JsonValue } from '@sallyport/contracts';
import type { Access, Answer, Caller } from './access.fixture.ts';

export type Route = {
  readonly method: string;
  readonly path: string;
  readonly isPublic: boolean;
  readonly action: string;
  readonly needsProof: boolean;
  /** What it is decided about: see `x-sallyport-resource`. */
  readonly resource: string;
  /** Of a JSON body. */
  readonly body: JsonObject | undefined;
};

export async function describedRoutes(access: Access): Promise<Route[]> {
  const { body } = await access.call('GET', '/v1/openapi.json');
  const description: JsonValue = JSON.parse(JSON.stringify(body));
  const paths = isJsonObject(description) ? description['paths'] : undefined;
  assert.ok(isJsonObject(paths));
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(isJsonObject(operations) ? operations : {}).flatMap(([method, operation]) => {
      if (!isJsonObject(operation)) return [];
      const { security, requestBody, 'x-sallyport-action': action, 'x-sallyport-resource': resource } = operation;
      const isPublic = Array.isArray(security) && security.length === 0;
      return [
        {
          method: method.toUpperCase(),
          path,
          isPublic,
          action: typeof action === 'string' ? action : '',
          needsProof: operation['x-sallyport-step-up'] === true,
          resource: typeof resource === 'string' ? resource : '',
          body: jsonBodyOf(requestBody),
        },
      ];
    }),
  );
}

const unreadable = { body: '{', headers: { 'content-type': 'application/unheard-of' } };

/** Doors for senders made for another product refuse in its words: what these mean is in the status. */
export function isForeign({ path }: Pick<Route, 'path'>): boolean {
  return !path.startsWith('/v1/') || path === '/v1/logs';
}
const meanings = new Map([
  [401, 'authentication_required'],
  [403, 'scope_missing'],
]);

/** Asks in a way that changes nothing: whoever is let in brings a body that nobody reads. */
export async function ask(access: Access, route: Route, caller: Caller, id?: string): Promise<Answer> {
  const answer = await askAsIs(access, route, caller, id);
  return isForeign(route) && answer.code === '' ? { ...answer, code: meanings.get(answer.status) ?? '' } : answer;
}

function askAsIs(access: Access, { method, path }: Route, caller: Caller, id = 'none'): Promise<Answer> {
  const filled = path.replaceAll(/\{(\w+)\}|\*/g, (_all, name: string) =>
    /log|index|level/.test(name) ? '1' : name === 'id' ? id : 'none',
  );
  return access.call(method, filled, { caller, ...(method === 'GET' ? {} : unreadable) });
}

/** Some at a time: refusals that come together are written together. */
export async function inLots(routes: readonly Route[], check: (route: Route) => Promise<void>): Promise<void> {
  for (let at = 0; at < routes.length; at += 32) await Promise.all(routes.slice(at, at + 32).map(check));
}

function jsonBodyOf(requestBody: JsonValue | undefined): JsonObject | undefined {
  const content = isJsonObject(requestBody) ? requestBody['content'] : undefined;
  const json = isJsonObject(content) ? content['application/json'] : undefined;
  const schema = isJsonObject(json) ? json['schema'] : undefined;
  return isJsonObject(schema) ? schema : undefined;
}
