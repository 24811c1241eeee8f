import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRoutes } from './openapi-types.ts';

const object = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  required,
});
const json = (schema: object): object => ({ content: { 'application/json': { schema } } });
const described = (operation: object): string => formatRoutes({ paths: { '/v1/x/{id}': { get: operation } } });

test('formatRoutes() writes parameters, body and answer of a route', () => {
  const text = described({
    summary: 'Reads */ it',
    parameters: [
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'a-b', in: 'query', schema: { enum: ['x', "it's"] } },
    ],
    requestBody: json(object({ n: { type: 'integer' } }, ['n'])),
    responses: { 200: json({ anyOf: [{ type: 'array', items: { type: 'boolean' } }, { type: 'null' }] }) },
  });
  assert.match(text, /\/\*\* Reads \* \/ it \*\//);
  assert.match(text, /'GET \/v1\/x\/\{id\}': \{/);
  assert.match(text, /params: \{ readonly id: string; \};/);
  assert.match(text, /query: \{ readonly 'a-b'\?: 'x' \| 'it\\'s' \| undefined; \};/);
  assert.match(text, /body: \{ readonly n: number; \};/);
  assert.match(text, /answer: readonly \(boolean\)\[\] \| null;/);
});

test('formatRoutes() says unknown, never any, for what is not described', () => {
  const text = described({ responses: { 200: json({}), default: json(object({})) } });
  assert.match(text, /answer: unknown;/);
  assert.doesNotMatch(text, /\bany\b/);
});

test('formatRoutes() gives the same text for the same routes in another order', () => {
  const [a, b] = [{ '/a': { get: {} } }, { '/b': { post: {}, get: {} } }];
  assert.equal(formatRoutes({ paths: { ...a, ...b } }), formatRoutes({ paths: { ...b, ...a } }));
});
