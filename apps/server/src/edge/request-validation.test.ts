import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Type, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { compileValidator } from './request-validation.ts';

const parts: Readonly<Record<string, TSchema>> = {
  enum: Type.Enum(['one', 'two', '1']),
  literals: Type.Union([Type.Literal('one'), Type.Literal('true')]),
  mixed: Type.Union([Type.Integer(), Type.Boolean(), Type.String({ maxLength: 4 })]),
  text: Type.String({ minLength: 1, maxLength: 6 }),
  pattern: Type.String({ pattern: '^[0-9]+$' }),
  whole: Type.Integer({ minimum: 0 }),
  number: Type.Number(),
  yes: Type.Boolean(),
  list: Type.Array(Type.String({ maxLength: 4 }), { maxItems: 3 }),
  many: Type.Union([Type.String({ maxLength: 2 }), Type.Array(Type.Integer())]),
  named: Type.Record(Type.String(), Type.String()),
};
const word = fc.oneof(fc.constantFrom('one', 'two', 'true', 'false', '1', '0', '-1', '1.5', 'null', ''), fc.string());
const given = fc.oneof(
  word,
  fc.array(word, { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 2 }), word, { noNullPrototype: true }),
);

test('text that fits as it came is what a conversion would make of it, and all other is converted', () => {
  let taken = 0;
  let converted = 0;
  for (const [name, schema] of Object.entries(parts)) {
    const whole = Type.Object({ [name]: Type.Optional(schema) }, { additionalProperties: false });
    const validate = compileValidator({ schema: whole, httpPart: 'querystring', method: 'GET', url: '/' });
    fc.assert(
      fc.property(given, (value) => {
        const wanted = Value.Convert(whole, structuredClone({ [name]: value }));
        const answer: unknown = validate({ [name]: structuredClone(value) });
        if (Value.Check(whole, wanted)) {
          assert.deepEqual(answer, { value: wanted });
          if (Value.Equal(wanted, { [name]: value })) taken += 1;
          else converted += 1;
        } else assert.ok(typeof answer === 'object' && answer !== null && 'error' in answer);
      }),
    );
  }
  assert.ok(taken > 30 && converted > 15, `${taken} ${converted}`);
});

test('what has a default is given it, and a body is taken as it came', () => {
  const withDefault = Type.Object({ limit: Type.Integer({ default: 50 }) });
  const query = compileValidator({ schema: withDefault, httpPart: 'querystring', method: 'GET', url: '/' });
  assert.deepEqual(query({}), { value: { limit: 50 } });
  assert.deepEqual(query({ limit: '7' }), { value: { limit: 7 } });
  const body = compileValidator({ schema: withDefault, httpPart: 'body', method: 'POST', url: '/' });
  const refused: unknown = body({ limit: '7' });
  assert.ok(typeof refused === 'object' && refused !== null && 'error' in refused);
});
