import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundled, noExport } from './library.fixture.ts';
import { createLoadedPolicies } from './loaded-policies.ts';
import { textsWith } from './policy-set.ts';

const document = (text: string) => textsWith(bundled, [{ id: 'own', name: 'Own', text, tests: [] }]);
const mayExport = (policy: ReturnType<ReturnType<typeof createLoadedPolicies>['load']>): boolean =>
  policy.decide({
    principal: { kind: 'user', id: 'u1', name: 'ann', scopes: [], roles: ['analyst'], assurance: 2 },
    action: 'cameras:export',
    context: { channel: 'network' },
  }).allowed;

test('the same texts are loaded once; texts that differ in one letter are others, and are never answered by what was loaded before', () => {
  const { load } = createLoadedPolicies();
  const forbidden = load(document(noExport));
  assert.equal(load(document(noExport)), forbidden);
  assert.equal(mayExport(forbidden), false);
  const of = (text: string) => load(document(text));
  assert.equal(mayExport(of(noExport.replaceAll('"analyst"', '"guard"'))), true);
  assert.equal(mayExport(of(noExport.replace('cameras:export', 'cameras:manage'))), true);
  assert.equal(mayExport(load(document(noExport))), false);
  assert.equal(mayExport(load(bundled)), true);
});

test('who wrote a policy tells texts apart: one about everybody is nobody’s own', () => {
  const { load } = createLoadedPolicies();
  const text = noExport.replace('principal in Sallyport::Role::"analyst"', 'principal');
  const ours = { ...bundled, policies: [...bundled.policies, { file: 'own.cedar', text }] };
  assert.equal(mayExport(load(ours)), false);
  const theirs = { ...bundled, policies: [...bundled.policies, { file: 'own.cedar', text, own: true }] };
  assert.throws(() => load(theirs), { code: 'policy_invalid' });
  assert.throws(() => load(theirs), { code: 'policy_invalid' }, 'what was refused is refused again');
});

test('two at a time are good, what is let go denies, and is loaded anew when it is asked again', () => {
  const { load } = createLoadedPolicies();
  const first = load(bundled);
  const roles = ['analyst', 'guard', 'viewer', 'auditor', 'admin'];
  for (const role of roles) {
    const last = load(document(noExport.replaceAll('"analyst"', `"${role}"`)));
    const before = load(document(noExport));
    assert.deepEqual([mayExport(last), mayExport(before)], [role !== 'analyst', false]);
  }
  assert.equal(mayExport(first), false, 'let go');
  assert.equal(mayExport(load(bundled)), true);
});
