import { Type, type Static } from 'typebox';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { packNames } from '../decisions/pack-names.ts';
import { AgentGuardError } from '../errors.ts';
import { ownLimits, repositoryName } from '../decisions/own-policy.ts';
import type { OwnScope, OwnTest } from '../decisions/own-policy.ts';

const closed = { additionalProperties: false } as const;
const idOfSubject = Type.String({ minLength: 1, maxLength: 100 });
const Verdict = Type.Enum(['allow', 'ask', 'deny']);

export const ScopeBody = Type.Union([
  Type.Object({ kind: Type.Literal('all') }, closed),
  Type.Object({ kind: Type.Literal('agent'), id: idOfSubject }, closed),
  Type.Object({ kind: Type.Literal('person'), id: idOfSubject }, closed),
  Type.Object({ kind: Type.Literal('repository'), name: Type.String({ minLength: 1, maxLength: 500 }) }, closed),
]);

const TestBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: ownLimits.name }),
    pack: Type.Enum([...packNames]),
    prompt: Type.String({ maxLength: 2000, description: 'What the person wrote' }),
    read: Type.Optional(Type.String({ maxLength: 4000, description: 'What of others came in before' })),
    tool: Type.String({ minLength: 1, maxLength: 200 }),
    input: Type.Record(Type.String({ maxLength: 200 }), Type.Unknown()),
    expect: Verdict,
  },
  closed,
);

export const DraftBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: ownLimits.name }),
    scope: ScopeBody,
    text: Type.String({ maxLength: ownLimits.textBytes }),
    tests: Type.Array(TestBody, { maxItems: ownLimits.tests }),
  },
  closed,
);

/** As it is kept: whole, also what bounds of today would refuse. */
export const KeptTest = Type.Object({
  name: Type.String(),
  pack: Type.Enum([...packNames]),
  prompt: Type.String(),
  read: Type.Optional(Type.String()),
  tool: Type.String(),
  input: Type.Record(Type.String(), Type.Unknown()),
  expect: Verdict,
});

export function testOf({ read, input, ...test }: Static<typeof KeptTest>): OwnTest {
  const whole: unknown = JSON.parse(JSON.stringify(input));
  const given: JsonObject = isJsonObjectOf(whole) ? whole : {};
  if (JSON.stringify(given).length > ownLimits.inputBytes)
    throw new AgentGuardError(
      'agent_policy_invalid',
      `Cannot take test "${test.name}": its call has more than ${ownLimits.inputBytes} bytes`,
    );
  return { ...test, input: given, ...(read === undefined ? {} : { read }) };
}

/** Throws `agent_policy_invalid`. */
export function scopeOf(scope: Static<typeof ScopeBody>): OwnScope {
  if (scope.kind !== 'repository') return scope;
  const name = repositoryName(scope.name);
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._~/ -]{0,400}$/u.test(name))
    throw new AgentGuardError(
      'agent_policy_invalid',
      `Cannot take repository "${scope.name.slice(0, 100)}": must be its address, as git has it`,
    );
  return { kind: 'repository', name };
}

function isJsonObjectOf(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && isJsonObject(JSON.parse(JSON.stringify(value)));
}
