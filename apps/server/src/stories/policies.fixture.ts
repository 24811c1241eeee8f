import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { textIn, type Access, type Inhabitant } from '../access.fixture.ts';
import type { House } from '../house.fixture.ts';

let access: Access;
let eva: Inhabitant;
let ann: Inhabitant;

const noExport = `@id("analysts-do-not-export")
@words("Analysts read no rules on weekdays")
forbid (principal in Sallyport::Role::"analyst", action == Sallyport::Action::"rules:read", resource);
`;
const test1 = {
  name: 'An analyst reads no rules',
  principal: { kind: 'user', roles: ['analyst'] },
  action: 'rules:read',
  expect: 'deny',
};

export function policiesStory(house: () => Promise<House>): void {
  describe('policies of the organisation', () => {
    before(async () => {
      ({ access, ada: eva } = await house());
      ann = await access.moveIn('ann', 'analyst', eva);
    });

    test('a policy is written, checked, tried, staged, looked at and put into force, and holds for the next request', async () => {
      const rules = () => access.call('GET', '/v1/rules/documents', { caller: ann });
      assert.equal((await rules()).status, 200);
      const ask = (method: string, path: string, body?: unknown) => access.call(method, path, { caller: eva, body });

      const wrong = await ask('POST', '/v1/policy/check', {
        name: 'x',
        text: noExport.replace('"analyst"', '"analist"'),
        tests: [],
      });
      assert.deepEqual(
        [wrong.status, JSON.stringify(wrong.body).includes('"line":3')],
        [200, true],
        JSON.stringify(wrong.body),
      );
      assert.equal(
        (await ask('POST', '/v1/policy/documents', { id: 'rules', name: 'Rules', text: noExport, tests: [test1] }))
          .status,
        201,
      );
      assert.equal(
        (await ask('PUT', '/v1/policy/documents/rules', { name: 'Rules', text: noExport, expected: 7 })).code,
        'policy_document_conflict',
      );
      const staged = await ask('POST', '/v1/policy/versions', { note: 'fewer' });
      assert.equal(staged.status, 201, JSON.stringify(staged.body));
      const impact = await ask('GET', '/v1/policy/versions/1/impact');
      assert.match(
        JSON.stringify(impact.body),
        /"action":"rules:read","from":"allow","to":"deny","count":[1-9]\d*,"subjects":\[[^\]]*"kind":"user","id":"[^"]*","name":"ann"/,
      );
      const active = await ask('POST', '/v1/policy/versions/1/activate', { expected: 0 });
      assert.equal(active.status, 200, JSON.stringify(active.body));

      const refused = await rules();
      assert.equal(refused.status, 403);
      const { details } = refused.body;
      assert.match(JSON.stringify(details), /analysts-do-not-export.*policy_version/);

      const why = await ask('POST', '/v1/policy/explain', {
        principal: { kind: 'user', id: ann.id },
        action: 'rules:read',
      });
      assert.equal(why.status, 200, JSON.stringify(why.body));
      assert.deepEqual([textIn(why.body, 'answer'), why.body['version'], why.body['roles']], ['deny', 1, ['analyst']]);
      assert.match(JSON.stringify(why.body['policies']), /Analysts read no rules on weekdays/);
      const guard = await ask('POST', '/v1/policy/explain', {
        principal: { kind: 'user', roles: ['guard'] },
        action: 'rules:read',
      });
      assert.match(JSON.stringify(guard.body['ways']), /Hold the role Auditor/);
      const matrix = await ask('GET', '/v1/policy/matrix');
      assert.match(JSON.stringify(matrix.body), /"id":"analyst".*"rules:read":"deny"/);
    });

    test('what is grave needs a proof of just now, and people without the right learn nothing', async () => {
      access.age(eva.id, 20 * 60_000);
      const old = await access.call('POST', '/v1/policy/versions/1/activate', { caller: eva, body: { expected: 1 } });
      assert.equal(old.code, 'step_up_required');
      for (const [method, path] of [
        ['POST', '/v1/policy/versions'],
        ['PUT', '/v1/policy/documents/rules'],
        ['POST', '/v1/policy/versions/1/approve'],
      ] as const)
        assert.equal((await access.call(method, path, { caller: ann, body: {} })).status, 403, path);
    });

    test('a policy that asks where from empties no page: it shows what may be, and what is asked is decided at its moment', async () => {
      const ask = (method: string, path: string, body?: unknown) => access.call(method, path, { caller: eva, body });
      access.age(eva.id, -20 * 60_000);
      const text = `@id("viewers-from-the-office")
@words("Viewers see from the office alone")
forbid (
  principal in Sallyport::Role::"viewer",
  action in [Sallyport::Action::"events:read", Sallyport::Action::"alerts:read"],
  resource
)
unless { context.address.isInRange(ip("10.0.0.0/8")) && context.hour >= 0 };
`;
      const vera = await access.moveIn('vera', 'viewer', eva);
      const seen = async (): Promise<unknown> =>
        (await access.call('GET', '/v1/session', { caller: vera })).body['permissions'];
      const before = await seen();
      assert.match(JSON.stringify(before), /"alerts:read"/);
      assert.equal(
        (await ask('POST', '/v1/policy/documents', { id: 'office', name: 'Office', text, tests: [] })).status,
        201,
      );
      const staged = await ask('POST', '/v1/policy/versions', { note: 'office' });
      assert.equal(staged.status, 201, JSON.stringify(staged.body));
      const active = await ask('POST', '/v1/policy/versions/2/activate', { expected: 1 });
      assert.equal(active.status, 200, JSON.stringify(active.body));
      assert.deepEqual(await seen(), before, 'her page offers what she may from the office');
      assert.equal((await access.call('GET', '/v1/alerts', { caller: vera })).code, 'scope_missing');
      // What a handler looks at is of this moment as well: the events of an evidence file are none she may read from here.
      const evidence = await access.call('GET', '/v1/ledger/range/evidence?from=1/0&to=1/1&q=user:x', { caller: vera });
      assert.ok(evidence.status >= 400, String(evidence.status));
      const matrix = await ask('GET', '/v1/users');
      assert.match(
        JSON.stringify(matrix.body),
        /"id":"viewer"[^}]*"alerts:read"/,
        'and the role is shown for what it brings',
      );
      for (const id of ['rules', 'office']) {
        const gone = await ask('DELETE', `/v1/policy/documents/${id}?expected=1`);
        assert.ok(gone.status < 300, JSON.stringify(gone.body));
      }
      assert.equal((await ask('POST', '/v1/policy/versions', { note: 'as before' })).status, 201);
      assert.equal((await ask('POST', '/v1/policy/versions/3/activate', { expected: 2 })).status, 200);
      assert.equal((await access.call('GET', '/v1/alerts', { caller: vera })).status, 200);
    });
  });
}
