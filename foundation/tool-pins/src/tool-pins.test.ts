import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalText, digestOf, namelessDigestOf, readTool, toolLimits, type ToolDefinition } from './index.ts';

/** As a server sends it, with all there is. */
const sent = {
  name: 'send_mail',
  title: 'Send mail',
  description: 'Sends a mail.',
  inputSchema: {
    type: 'object',
    properties: { to: { type: 'string', description: 'Who gets it' }, kind: { enum: ['plain', 'html'] } },
    required: ['to'],
  },
  annotations: { readOnlyHint: false, destructiveHint: true },
};

function read(said: unknown): ToolDefinition {
  const answer = readTool(said);
  assert.ok(answer.ok, answer.ok ? '' : answer.message);
  return answer.tool;
}

test('the same tool has the same digest in whatever order and spacing it comes', () => {
  const turned = {
    annotations: { destructiveHint: true, readOnlyHint: false },
    inputSchema: {
      required: ['to'],
      properties: { kind: { enum: ['plain', 'html'] }, to: { description: 'Who gets it', type: 'string' } },
      type: 'object',
    },
    description: 'Sends a mail.',
    title: 'Send mail',
    name: 'send_mail',
  };
  assert.equal(digestOf(read(sent)), digestOf(read(turned)));
  assert.match(digestOf(read(sent)), /^sha256:[0-9a-f]{64}$/);
  // What is not pinned is not read either, so that it cannot be passed on.
  assert.deepEqual(read({ ...sent, _meta: { a: 1 }, execution: {} }), read(sent));
  // SHA-256 of {"name":"a"}, so that the format holds.
  assert.equal(digestOf({ name: 'a' }), 'sha256:d9d719b27480b55cd4918020e7473e716ed3569c8adafe926cf9b10b4f8ef064');
});

test('each thing that a model could read differently gives another digest; a new name alone is told apart', () => {
  const digests = new Set([digestOf(read(sent))]);
  const others: readonly unknown[] = [
    { ...sent, name: 'send_mai1' },
    { ...sent, title: 'Send mail ' },
    { ...sent, description: 'Sends a mail.\u200b' },
    { ...sent, annotations: { readOnlyHint: true, destructiveHint: true } },
    { ...sent, annotations: { ...sent.annotations, x: null } },
    { ...sent, outputSchema: {} },
    { ...sent, icons: [] },
    { ...sent, inputSchema: { ...sent.inputSchema, required: [] } },
    { ...sent, inputSchema: { ...sent.inputSchema, properties: { ...sent.inputSchema.properties, note: {} } } },
    {
      ...sent,
      inputSchema: {
        ...sent.inputSchema,
        properties: { ...sent.inputSchema.properties, kind: { enum: ['html', 'plain'] } },
      },
    },
    JSON.parse('{"name":"send_mail","inputSchema":{"__proto__":{"a":1}}}'),
    JSON.parse('{"name":"send_mail","inputSchema":{}}'),
  ];
  for (const other of others) digests.add(digestOf(read(other)));
  assert.equal(digests.size, others.length + 1);
  const renamed = read({ ...sent, name: 'mail_send', title: 'Other' });
  assert.equal(namelessDigestOf(renamed), namelessDigestOf(read(sent)));
  assert.notEqual(namelessDigestOf(read({ ...sent, description: 'x' })), namelessDigestOf(read(sent)));
});

test('numbers and texts are written as RFC 8785 has them', () => {
  // Examples of RFC 8785, sections 3.2.2.3 and 3.2.3.
  const numbers = JSON.parse('[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,-0]');
  assert.equal(canonicalText(numbers), '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]');
  const names = {
    '\u20ac': 'Euro',
    '\r': 'CR',
    '\ufb33': 'D',
    '1': 'One',
    '\ud83d\ude00': 'Smile',
    '\u0080': 'C',
    '\u00f6': 'O',
  };
  assert.equal(
    canonicalText(names),
    '{"\\r":"CR","1":"One","\u0080":"C","\u00f6":"O","\u20ac":"Euro","\ud83d\ude00":"Smile","\ufb33":"D"}',
  );
});

test('what is no tool, too deep, too large, or holds what JSON cannot is refused, and nothing makes it throw', () => {
  let deep: unknown = {};
  for (let level = 0; level < 10_000; level += 1) deep = { a: deep };
  const wide = Object.fromEntries(Array.from({ length: toolLimits.values + 1 }, (_, index) => [`p${index}`, 1]));
  const refused: readonly (readonly [unknown, string])[] = [
    [null, 'tool_shape'],
    [[], 'tool_shape'],
    ['tool', 'tool_shape'],
    [{}, 'tool_shape'],
    [{ name: '' }, 'tool_shape'],
    [{ name: 'x'.repeat(257) }, 'tool_shape'],
    [{ name: 'a', description: 1 }, 'tool_shape'],
    [{ name: 'a', inputSchema: [] }, 'tool_shape'],
    [{ name: 'a', annotations: 'readOnly' }, 'tool_shape'],
    [{ name: 'a', icons: {} }, 'tool_shape'],
    [{ name: 'a', inputSchema: deep }, 'tool_too_large'],
    [{ name: 'a', inputSchema: wide }, 'tool_too_large'],
    [{ name: 'a', inputSchema: JSON.parse('{"a":1e999}') }, 'tool_too_large'],
    [{ name: 'a', description: 'x'.repeat(toolLimits.characters) }, 'tool_too_large'],
    [{ name: 'a', inputSchema: { a: undefined } }, 'tool_too_large'],
  ];
  for (const [said, code] of refused) {
    const answer = readTool(said);
    assert.equal(answer.ok ? 'read' : answer.code, code, answer.ok ? 'was read' : answer.message);
  }
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }), (said) => {
      readTool({ name: 'a', inputSchema: said });
      readTool(said);
    }),
    { numRuns: 300 },
  );
});

test('two definitions have the same canonical text exactly when they hold the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [one, other] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
      assert.deepEqual(JSON.parse(canonicalText(one)), one);
      let isEqual = true;
      try {
        assert.deepStrictEqual(one, other);
      } catch {
        isEqual = false;
      }
      assert.equal(canonicalText(one) === canonicalText(other), isEqual);
    }),
    { numRuns: 300 },
  );
});
