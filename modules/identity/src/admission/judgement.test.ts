import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assuranceOf, type SessionMethod, type Shown } from './assurance.ts';
import { judge, proofsOf, type Held } from './judgement.ts';
import { countedFactors, defaultRequirement, requirementOf, type RoleRequirement } from './requirements.ts';
import { formatShown, parseShown } from './shown-format.ts';

const nowMs = 1_800_000_000_000;
const nothing: Held = {
  totp: false,
  passkey: false,
  passkeyHere: false,
  certificate: false,
  certificateHere: false,
  certificateBindable: false,
  recovery: false,
  code: false,
  codeNow: false,
};
const guard = requirementOf(['guard'], [], nowMs);
const strict: RoleRequirement = { ...defaultRequirement('admin'), leastAssurance: 3 };
const admin = requirementOf(['admin'], [strict], nowMs);
const noCards = requirementOf(['guard'], [{ ...defaultRequirement('guard'), factors: ['passkey', 'totp'] }], nowMs);

const method = fc.constantFrom<SessionMethod>(
  'password',
  'totp',
  'passkey',
  'certificate',
  'recovery',
  'code',
  'provider:okta',
);
const shownSomehow: fc.Arbitrary<Shown> = fc
  .record({
    methods: fc.array(method, { maxLength: 5 }),
    assurance: fc.constantFrom(1 as const, 2 as const, 3 as const),
  })
  .map(({ methods, assurance }) =>
    methods.includes('provider:okta') ? { methods, provider: { id: 'okta', assurance } } : { methods },
  );
const heldSomehow: fc.Arbitrary<Held> = fc.record({
  totp: fc.boolean(),
  passkey: fc.boolean(),
  passkeyHere: fc.boolean(),
  certificate: fc.boolean(),
  certificateHere: fc.boolean(),
  certificateBindable: fc.boolean(),
  recovery: fc.boolean(),
  code: fc.boolean(),
  codeNow: fc.boolean(),
});
const ruleSomehow: fc.Arbitrary<RoleRequirement> = fc.record({
  role: fc.constantFrom('admin', 'guard', 'viewer'),
  leastAssurance: fc.constantFrom(2 as const, 3 as const),
  factors: fc.subarray([...countedFactors]).map((some) => [...new Set(['passkey' as const, ...some])]),
  provesWithPasskey: fc.boolean(),
});

test('judge() never lets anybody in with less than every one of their roles asks for', () => {
  fc.assert(
    fc.property(
      shownSomehow,
      heldSomehow,
      fc.array(ruleSomehow, { maxLength: 3 }),
      fc.subarray(['admin', 'guard', 'viewer'], { minLength: 1 }),
      (shown, held, rules, roles) => {
        const required = requirementOf(roles, rules, nowMs);
        const judgement = judge(shown, held, required);
        if (judgement.kind !== 'enough') return;
        for (const role of roles) {
          const rule = rules.find((one) => one.role === role) ?? defaultRequirement(role);
          const assurance = assuranceOf(shown, new Set(rule.factors));
          const isWeakOne = shown.methods.includes('code') && rule.factors.includes('code') && role !== 'admin';
          assert.ok(assurance >= rule.leastAssurance || (isWeakOne && assurance === 1 && rule.leastAssurance === 2));
        }
        assert.ok(shown.methods.some((one) => one !== 'recovery' && one !== 'totp' && one !== 'code'));
      },
    ),
    { numRuns: 5000 },
  );
});

test('judge() says of each what comes next, and each next step leads to the end', () => {
  const cases: readonly [Shown['methods'], Partial<Held>, typeof guard, unknown][] = [
    [['password'], { totp: true, recovery: true }, guard, ['second-factor', ['totp', 'recovery']]],
    [['password'], { totp: true, passkey: true, passkeyHere: true }, guard, ['second-factor', ['passkey', 'totp']]],
    [['password'], {}, guard, ['enrol', ['passkey', 'totp'], 'no-second-factor']],
    [['password', 'totp'], { totp: true }, guard, ['enough', 2]],
    [['passkey'], { passkey: true }, admin, ['enough', 3]],
    // Without a passkey they come in once more by what they have, to add one.
    [['password'], { totp: true, recovery: true }, admin, ['second-factor', ['totp', 'recovery']]],
    [['password', 'totp'], { totp: true }, admin, ['enrol', ['passkey'], 'stronger-required']],
    // With one, the app does not stand for it.
    [['password'], { totp: true, passkey: true, passkeyHere: true }, admin, ['second-factor', ['passkey']]],
    [['password', 'totp'], { totp: true, passkey: true, passkeyHere: true }, admin, ['second-factor', ['passkey']]],
    [['password'], { passkey: true, recovery: true }, admin, ['second-factor', ['recovery']]],
    [['password', 'recovery'], { passkey: true, totp: true }, admin, ['enrol', ['passkey'], 'factor-lost']],
    // Where a card can be shown and its authority lets people bind it, it is one of what may be enrolled; not where roles do not count it.
    [
      ['password'],
      { certificateBindable: true },
      guard,
      ['enrol', ['passkey', 'certificate', 'totp'], 'no-second-factor'],
    ],
    [['password'], { certificateBindable: true }, admin, ['enrol', ['passkey', 'certificate'], 'no-second-factor']],
    [['password'], { certificateBindable: true }, noCards, ['enrol', ['passkey', 'totp'], 'no-second-factor']],
    // Whoever only ever had weak codes shows one before anything is enrolled.
    [['password'], { code: true, codeNow: true }, guard, ['second-factor', ['code']]],
    [['password'], { code: true, recovery: true }, guard, ['second-factor', ['recovery']]],
    [['password', 'code'], { code: true, codeNow: true }, guard, ['enrol', ['passkey', 'totp'], 'stronger-required']],
  ];
  for (const [methods, held, required, expected] of cases) {
    const said = judge({ methods }, { ...nothing, ...held }, required);
    const short =
      said.kind === 'enough'
        ? [said.kind, said.assurance]
        : said.kind === 'enrol'
          ? [said.kind, said.factors, said.reason]
          : [said.kind, said.factors];
    assert.deepEqual(short, expected, methods.join(' '));
  }
});

test('a provider’s word counts as its settings say, and only where roles let it', () => {
  const rule = (factors: RoleRequirement['factors']): typeof guard =>
    requirementOf(['guard'], [{ ...defaultRequirement('guard'), factors }], nowMs);
  const word = (assurance: 1 | 2 | 3): Shown => ({
    methods: ['provider:okta'],
    provider: { id: 'okta', assurance },
  });
  assert.equal(judge(word(2), nothing, guard).kind, 'enough');
  assert.equal(judge(word(1), nothing, guard).kind, 'enrol');
  assert.equal(judge(word(1), { ...nothing, totp: true }, guard).kind, 'second-factor');
  assert.equal(judge(word(2), { ...nothing, totp: true }, rule(['passkey', 'totp'])).kind, 'second-factor');
  assert.equal(judge(word(2), { ...nothing, passkey: true, passkeyHere: true }, admin).kind, 'second-factor');
  const both: Shown = { ...word(1), methods: ['provider:okta', 'totp'] };
  const said = judge(both, { ...nothing, totp: true }, guard);
  assert.deepEqual([said.kind, said.kind === 'enough' && said.assurance], ['enough', 2]);
});

test('a weak code is 1, good only where a role says so, never for an administrator, and proves nothing', () => {
  const shown: Shown = { methods: ['password', 'code'] };
  const held = { ...nothing, code: true, codeNow: true };
  const rules = ['guard', 'admin'].map((role) => ({ ...defaultRequirement(role), factors: [...countedFactors] }));
  const said = judge(shown, held, requirementOf(['guard'], rules, nowMs));
  assert.deepEqual(said, { kind: 'enough', assurance: 1, isProof: false });
  assert.deepEqual(proofsOf(held, requirementOf(['guard'], rules, nowMs)), []);
  for (const roles of [['admin'], ['guard', 'admin'], ['viewer']])
    assert.notEqual(judge(shown, held, requirementOf(roles, rules, nowMs)).kind, 'enough', roles.join(' '));
});

test('two sealed codes, or one and a passkey, open their account whatever roles ask for; one opens nothing, and no ticket carries them', () => {
  assert.deepEqual(judge({ methods: ['sealed', 'sealed'] }, nothing, admin), {
    kind: 'enough',
    assurance: 2,
    isProof: true,
  });
  assert.deepEqual(judge({ methods: ['sealed', 'passkey'] }, nothing, admin), {
    kind: 'enough',
    assurance: 3,
    isProof: true,
  });
  for (const methods of [['sealed'], ['sealed', 'totp'], ['sealed', 'recovery'], ['sealed', 'code']] as const)
    assert.notEqual(judge({ methods }, nothing, guard).kind, 'enough', methods.join(' '));
  assert.equal(parseShown('{"methods":["sealed","sealed"]}'), undefined);
});

test('what is asked for later holds later, and is told before', () => {
  const rule = { ...strict, enforcedFromMs: nowMs + 1 };
  const shown: Shown = { methods: ['password', 'totp'] };
  const before = requirementOf(['admin'], [rule], nowMs);
  assert.equal(judge(shown, { ...nothing, totp: true }, before).kind, 'enough');
  assert.deepEqual([before.coming?.leastAssurance, before.coming?.fromMs], [3, nowMs + 1]);
  assert.equal(judge(shown, { ...nothing, totp: true }, requirementOf(['admin'], [rule], nowMs + 1)).kind, 'enrol');
});

test('an administrator with a passkey here proves with it, and signing in without it is no proof', () => {
  const held = { ...nothing, totp: true, passkey: true, passkeyHere: true };
  const required = requirementOf(['admin'], [], nowMs);
  assert.deepEqual(proofsOf(held, required), ['passkey']);
  assert.deepEqual(proofsOf({ ...held, passkeyHere: false }, required), ['totp']);
  assert.deepEqual(proofsOf(held, guard), ['passkey', 'totp']);
  const isProof = (methods: Shown['methods']): boolean => {
    const said = judge({ methods }, held, required);
    return said.kind === 'enough' && said.isProof;
  };
  assert.deepEqual(
    [isProof(['password', 'totp']), isProof(['passkey']), isProof(['password', 'recovery'])],
    [false, true, true],
  );
});

test('what was shown comes back from a ticket as it was, and nothing else does', () => {
  fc.assert(fc.property(shownSomehow, (shown) => assert.deepEqual(parseShown(formatShown(shown)), shown)));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const shown = parseShown(text);
      assert.ok(shown === undefined || Array.isArray(shown.methods));
    }),
  );
  for (const text of ['{"methods":["root"]}', '{"methods":["passkey"],"provider":{"id":"x","assurance":9}}', 'null'])
    assert.equal(parseShown(text), undefined, text);
});
