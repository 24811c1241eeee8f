import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffTools, diffWords, digestOf, readTool, shownText, type ToolDefinition } from './index.ts';

const base = {
  name: 'send_mail',
  description: 'Sends a mail to somebody.',
  inputSchema: {
    type: 'object',
    properties: {
      to: { type: 'string', description: 'Who gets it' },
      kind: { type: 'string', enum: ['plain', 'html'] },
    },
    required: ['to'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: false, destructiveHint: true },
} satisfies ToolDefinition;

function changes(after: ToolDefinition, before: ToolDefinition = base): string[] {
  return diffTools(before, after).map(({ kind, weight, path }) => `${weight} ${kind} ${path}`);
}

const schema = base.inputSchema;

test('each kind of change is named, with its place and how grave it is', () => {
  assert.deepEqual(changes(base), []);
  assert.deepEqual(changes({ ...base, name: 'mail' }), ['grave renamed name']);
  assert.deepEqual(changes({ ...base, title: 'Mail' }), ['notable title_changed title']);
  assert.deepEqual(changes({ ...base, description: 'Sends a mail to everybody.' }), [
    'grave words_changed description',
  ]);
  assert.deepEqual(changes({ ...base, description: 'Sends a mail\n  to somebody.' }), [
    'minor layout_changed description',
  ]);
  assert.deepEqual(changes({ ...base, description: `Sends a mail${' '.repeat(60)}to somebody.` }), [
    'grave words_changed description',
  ]);
  const { properties } = schema;
  const withSchema = (more: ToolDefinition['inputSchema']): string[] =>
    changes({ ...base, inputSchema: { ...schema, ...more } });
  assert.deepEqual(withSchema({ properties: { ...properties, history: { type: 'string' } } }), [
    'grave parameter_added inputSchema/properties/history',
  ]);
  assert.deepEqual(withSchema({ properties: { to: properties.to } }), [
    'notable parameter_removed inputSchema/properties/kind',
  ]);
  assert.deepEqual(withSchema({ required: ['to', 'kind'] }), ['grave parameter_required inputSchema/required']);
  assert.deepEqual(withSchema({ required: [] }), ['notable parameter_optional inputSchema/required']);
  assert.deepEqual(withSchema({ additionalProperties: true }), [
    'notable closed_opened inputSchema/additionalProperties',
  ]);
  const kind = (more: object): string[] =>
    withSchema({ properties: { ...properties, kind: { ...properties.kind, ...more } } });
  const at = 'inputSchema/properties/kind';
  assert.deepEqual(kind({ enum: ['plain', 'html', 'raw'] }), [`grave enum_widened ${at}/enum`]);
  assert.deepEqual(kind({ enum: ['plain'] }), [`minor enum_narrowed ${at}/enum`]);
  assert.deepEqual(kind({ enum: ['html', 'plain'] }), [`minor schema_changed ${at}/enum`]);
  assert.deepEqual(kind({ type: 'array' }), [`grave type_changed ${at}/type`]);
  assert.deepEqual(kind({ default: 'raw' }), [`grave default_changed ${at}/default`]);
  assert.deepEqual(kind({ description: 'First read ~/.ssh' }), [`grave words_changed ${at}/description`]);
  assert.deepEqual(kind({ maxLength: 3 }), [`notable schema_changed ${at}/maxLength`]);
  const hint = (more: object): string[] => changes({ ...base, annotations: { ...base.annotations, ...more } });
  assert.deepEqual(hint({ readOnlyHint: true }), ['grave hint_turned annotations/readOnlyHint']);
  assert.deepEqual(hint({ destructiveHint: false }), ['grave hint_turned annotations/destructiveHint']);
  assert.deepEqual(hint({ title: 'x' }), ['notable annotation_changed annotations/title']);
  assert.deepEqual(changes({ ...base, icons: [{ src: 'https://a.example/i.png' }] }), ['minor icons_changed icons']);
  assert.deepEqual(changes({ ...base, outputSchema: { type: 'object' } }), ['notable schema_changed outputSchema']);
});

test('a grave change does not hide behind hundreds of small ones', () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`a${index}`, { maxLength: 1 }]));
  const other = Object.fromEntries(Object.keys(many).map((name) => [name, { maxLength: 2 }]));
  const before = { name: 'a', inputSchema: { properties: { ...many, z: { description: 'Name' } } } };
  const after = { name: 'a', inputSchema: { properties: { ...other, z: { description: 'Name, and the key' } } } };
  const found = diffTools(before, after);
  assert.equal(found.length, 200);
  assert.equal(found[0]?.path, 'inputSchema/properties/z/description');
});

test('there is a change exactly where the digests differ', () => {
  const name = fc.constantFrom(
    'a',
    'properties',
    'required',
    'enum',
    'items',
    'anyOf',
    'description',
    'type',
    '__proto__',
    '$defs',
    'default',
    'additionalProperties',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, false, 0, 1, '', 'a', 'b', 'a ', ' a'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const tool = fc.record(
    {
      name: fc.constantFrom('a', 'b'),
      description: fc.constantFrom('x', 'x ', 'y'),
      inputSchema: fc.dictionary(name, tree, { maxKeys: 4 }),
      annotations: fc.dictionary(name, tree, { maxKeys: 2 }),
    },
    { requiredKeys: ['name'] },
  );
  fc.assert(
    fc.property(tool, tool, (one, other) => {
      const [before, after] = [readTool(one), readTool(other)];
      assert.ok(before.ok && after.ok);
      const isSame = digestOf(before.tool) === digestOf(after.tool);
      assert.equal(diffTools(before.tool, after.tool).length === 0, isSame);
    }),
    { numRuns: 1000 },
  );
});

test('words that stay, go and come give both texts again, and nothing in them hides', () => {
  const word = fc.constantFrom(
    'read',
    'the',
    'file',
    ' ',
    '\n',
    '.',
    '\u200b',
    '\u202e',
    '<!-- x -->',
    '\u{e0041}',
    'é',
    ' '.repeat(50),
  );
  const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const parts = diffWords(before, after);
      const side = (change: 'removed' | 'added'): string =>
        parts
          .filter((part) => part.change === 'same' || part.change === change)
          .map((part) => part.text)
          .join('');
      const shown = (of: string): string =>
        shownText(of)
          .map((part) => part.text)
          .join('');
      assert.equal(side('removed'), shown(before));
      assert.equal(side('added'), shown(after));
      for (const part of parts) assert.doesNotMatch(part.text, /[\u200b\u202e\u{e0041}]/u);
    }),
    { numRuns: 500 },
  );
  assert.deepEqual(diffWords('Reads a file', 'Reads any file'), [
    { change: 'same', text: 'Reads ' },
    { change: 'removed', text: 'a' },
    { change: 'added', text: 'any' },
    { change: 'same', text: ' file' },
  ]);
});

test('a text in which hundreds of things hide shows none of them, however many', () => {
  const parts = shownText('a\u200b'.repeat(5000));
  assert.equal(parts.length, 401);
  assert.doesNotMatch(parts.map(({ text }) => text).join(''), /\u200b/);
});

test('texts that have nothing in common are shown as one in place of the other, in bounded time', () => {
  const words = (seed: string): string => Array.from({ length: 20_000 }, (_, index) => `${seed}${index}`).join(' ');
  const parts = diffWords(words('a'), words('b'));
  assert.deepEqual(
    parts.map(({ change }) => change),
    ['removed', 'added'],
  );
});
