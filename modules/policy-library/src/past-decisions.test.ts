import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordQuestion } from '@sallyport/access-policy';
import type { AccessRequest } from '@sallyport/access-policy';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { ada, ann, bob, bundled, exportTest, gus, noExport, openLibrary } from './library.fixture.ts';
import type { PolicyLibrary } from './index.ts';
import type { AuditEntry } from './recorded-decision.ts';

const startMs = Date.UTC(2026, 0, 7, 12);
const requestId = 'ab'.repeat(16);

type Live = Awaited<ReturnType<typeof openLibrary>>['live'];

/** As the edge and the decision log put it, newest first in the trail. */
function recordOf(
  live: Live,
  asked: {
    readonly by: Principal;
    readonly action: string;
    readonly resource?: AccessRequest['resource'];
    readonly risk?: number;
  },
  at: { readonly position: string; readonly atMs?: number; readonly count?: number; readonly id?: string },
): AuditEntry {
  const { by, action, resource, risk = 0 } = asked;
  const request = {
    principal: by,
    action,
    resource,
    risk: { value: risk, isFresh: true },
    context: { channel: 'network' },
  } as const;
  const { allowed, needsProof, reason, policies } = live.decide(request);
  const answer = allowed ? 'allow' : needsProof === true ? 'needs_proof' : 'deny';
  const { atMs = startMs, count = 1, position, id } = at;
  return {
    position,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action: allowed ? 'request.allowed' : 'request.denied',
    target: { kind: 'route', id: '/v1/things', name: 'GET' },
    details: {
      code: allowed ? 'allowed' : 'scope_missing',
      address: '10.1.2.3',
      count,
      first_at_ms: atMs,
      last_at_ms: atMs,
      ...(allowed ? {} : { why: { reason, policies: [...policies], policy_version: live.version } }),
      ...(id === undefined ? {} : { request_ids: [id] }),
      asked: { ...recordQuestion(request), answer, policies: [...policies], version: live.version },
    },
  };
}

async function activate(library: PolicyLibrary, text: string, expected: number): Promise<number> {
  const { documents } = library;
  const known = (await documents.list()).documents.find(({ id }) => id === 'exports');
  const draft = { name: 'Exports', text, tests: [] };
  if (known === undefined) await documents.create('exports', draft, ada);
  else await documents.save('exports', draft, known.revision, ada);
  const { version } = await library.versions.stage({ note: '' }, ada);
  await library.versions.activate(version, { expected }, gus);
  return version;
}

forEachDatabase((name, open) => {
  test(`a refusal of the past is explained by the policies of then, whatever is in force now (${name})`, async () => {
    const { database } = await open();
    const trail: AuditEntry[] = [];
    const { library, live } = await openLibrary(database, { trail });
    await activate(library, noExport, 0);
    trail.unshift(recordOf(live, { by: ann, action: 'cameras:export', risk: 12 }, { position: '1/7', id: requestId }));
    await activate(library, noExport.replace('cameras:export', 'rules:read'), 1);

    for (const by of [{ position: '1/7' }, { request: requestId }]) {
      const past = await library.past.explain(by);
      assert.equal(past.untold, undefined);
      assert.deepEqual(
        [past.atTheTime?.version, past.atTheTime?.agrees, past.atTheTime?.explained.answer],
        [1, true, 'deny'],
      );
      assert.deepEqual(
        past.atTheTime?.explained.policies.map(({ id, own }) => [id, own]),
        [['analysts-do-not-export', true]],
      );
      assert.equal(past.now?.answer, 'allow');
      const said = past.story.join('\n');
      assert.match(
        said,
        /^ann asked for cameras:export \(GET \/v1\/things\) at 2026-01-07T12:00:00.000Z, from 10.1.2.3\.$/m,
      );
      assert.match(said, /It was refused: Analysts export no recordings/);
      assert.match(said, /Version 1 of your policies was in force/);
      assert.match(said, /Forbidden by “Analysts export no recordings” \(analysts-do-not-export, yours\)/);
      assert.match(said, /By what is in force now the answer would be yes/);
    }
    await assert.rejects(library.past.explain({ position: '1/8' }), { code: 'policy_decision_unknown' });
    await assert.rejects(library.past.explain({ request: 'cd'.repeat(16) }), { code: 'policy_decision_unknown' });
    await library.close();
  });

  test(`after an update of the product its former policies are still asked (${name})`, async () => {
    const { database } = await open();
    const first = await openLibrary(database);
    const entry = recordOf(first.live, { by: gus, action: 'users:manage' }, { position: '1/9' });
    await first.library.close();
    const policies = [
      ...bundled.policies,
      {
        file: 'more.cedar',
        text: `@id("guards-rest") @words("Guards rest") forbid (principal in Sallyport::Role::"guard", action == Sallyport::Action::"users:manage", resource);`,
      },
    ];
    const next = await openLibrary(database, { isNew: false, bundled: { ...bundled, policies }, trail: [entry] });
    assert.notEqual(next.live.version, first.live.version);
    const past = await next.library.past.explain({ position: '1/9' });
    assert.deepEqual(
      [past.atTheTime?.version, past.atTheTime?.agrees, past.atTheTime?.explained.policies.length],
      [0, true, 0],
    );
    assert.match(past.now?.reason ?? '', /Guards rest/);
    await next.library.close();
  });

  test(`decisions that were recorded are asked of a draft: who, what and when, and what the draft has no part in (${name})`, async () => {
    const { database } = await open();
    const trail: AuditEntry[] = [];
    const { library, live } = await openLibrary(database, { trail });
    trail.unshift(recordOf(live, { by: ann, action: 'rules:read' }, { position: '1/1', count: 3 }));
    await activate(library, noExport.replace('cameras:export', 'rules:read'), 0);
    for (let place = 2; place < 1300; place += 1)
      trail.unshift(
        recordOf(
          live,
          {
            by: place % 100 === 0 ? ann : bob,
            action: 'cameras:export',
            resource: { kind: 'camera', id: `c-${place % 2}`, site: 'gate' },
          },
          { position: `1/${place}`, atMs: startMs + place },
        ),
      );
    await library.documents.save('exports', { name: 'Exports', text: noExport, tests: [exportTest] }, 1, ada);

    const work = await library.startReplay({ last: 10_000 }, ada);
    const done = await ended(library, work.id);
    assert.equal(done.state, 'done', JSON.stringify(done.problem));
    const { result } = done;
    assert.deepEqual([result?.records, result?.requests, result?.untold, result?.different], [1299, 1301, 0, 12]);
    assert.deepEqual(
      result?.differences.map(({ who, action, was, would, requests, alsoNow, position, policies }) => [
        who.name,
        action,
        was,
        would,
        requests,
        alsoNow,
        position,
        policies[0],
      ]),
      [['ann', 'cameras:export', 'allow', 'deny', 12, false, '1/1200', 'analysts-do-not-export']],
      'what was allowed before the version in force is allowed by the draft again: nothing differs from the record there',
    );
    const version = (await library.versions.stage({ note: '' }, ada)).version;
    const against = await ended(library, (await library.startReplay({ version: 1, last: 10_000 }, ada)).id);
    assert.deepEqual(
      against.result?.differences.map(({ action, alsoNow, requests }) => [action, alsoNow, requests]),
      [['rules:read', true, 3]],
      'what is in force now would answer so, too',
    );
    assert.equal((await ended(library, (await library.startReplay({ version, last: 5 }, ada)).id)).result?.records, 5);
    await library.close();
  });
});

async function ended(library: PolicyLibrary, id: string) {
  for (;;) {
    const work = library.replays.get(id, ada);
    if (work.state !== 'running') return work;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a replay is its starter’s alone, is called off, and there are only so many', async () => {
    const { database } = await open();
    const trail: AuditEntry[] = [];
    const { library, live } = await openLibrary(database, { trail });
    const one = recordOf(live, { by: ann, action: 'cameras:export' }, { position: '1/1' });
    for (let place = 0; place < 9000; place += 1) trail.push({ ...one, position: `1/${place}` });
    const first = await library.startReplay({ last: 10_000 }, ada);
    await library.startReplay({ last: 10_000 }, ada);
    await assert.rejects(library.startReplay({ last: 1 }, ada), { code: 'policy_busy' });
    for (const ask of [() => library.replays.get(first.id, bob), () => library.replays.cancel(first.id, bob)])
      assert.throws(ask, { code: 'policy_work_unknown' });
    assert.equal(library.replays.cancel(first.id, ada).state, 'cancelled');
    assert.equal((await library.startReplay({ last: 1 }, ada)).state, 'running', 'there is room again');
    assert.deepEqual([library.replays.list(ada).length, library.replays.list(bob).length], [3, 0]);
    assert.equal(library.replays.get(first.id, ada).result, undefined);
    await library.close();
  });

  test('records that say nothing, or lie, explain nothing and change nothing', async () => {
    const { database } = await open();
    const trail: AuditEntry[] = [];
    const { library, live } = await openLibrary(database, { trail });
    const real = recordOf(live, { by: ann, action: 'cameras:export' }, { position: '1/1' });
    const { asked: _asked, ...older } = real.details;
    const refused = {
      ...real,
      action: 'request.denied',
      position: '1/2',
      details: { ...older, code: 'scope_missing' },
    };
    trail.push(
      {
        ...real,
        position: '1/0',
        details: { ...real.details, asked: { action: 'no:such', answer: 'allow', version: live.version } },
      },
      refused,
      { ...real, position: '1/3', action: 'policy.activate' },
      {
        ...real,
        position: '1/4',
        actor: { kind: 'unknown', id: '::', name: 'unauthenticated' },
        details: { ...older, code: 'rate_limited' },
      },
      {
        ...real,
        position: '1/5',
        details: { ...real.details, asked: { ...Object(real.details['asked']), version: 'f'.repeat(64) } },
      },
    );
    const old = await library.past.explain({ position: '1/2' });
    assert.deepEqual([old.atTheTime, old.now], [undefined, undefined]);
    assert.match(old.untold ?? '', /does not hold the question/);
    await assert.rejects(library.past.explain({ position: '1/3' }), { code: 'policy_decision_unknown' });
    assert.match((await library.past.explain({ position: '1/4' })).untold ?? '', /nobody was known/);
    assert.match((await library.past.explain({ position: '1/5' })).untold ?? '', /of this version/);
    const lie = await library.past.explain({ position: '1/0' });
    assert.deepEqual([lie.atTheTime?.agrees, lie.atTheTime?.explained.answer], [false, 'deny']);
    const work = await ended(library, (await library.startReplay({ last: 10 }, ada)).id);
    assert.deepEqual([work.result?.records, work.result?.untold], [4, 1]);
    await library.close();
  });

  test('what a version would change is told as it is found out', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('exports', { name: 'Exports', text: noExport, tests: [] }, ada);
    await library.versions.stage({ note: '' }, ada);
    await assert.rejects(library.startImpact(9, ada), { code: 'policy_version_unknown' });
    const { id } = await library.startImpact(1, ada);
    const seen = new Set<number>();
    for (;;) {
      const work = library.impacts.get(id, ada);
      seen.add(work.done);
      if (work.state !== 'running') break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const work = library.impacts.get(id, ada);
    assert.deepEqual([work.state, work.done, work.result?.impact.changes[0]?.action], ['done', 1, 'cameras:export']);
    assert.ok(seen.has(0) && seen.size > 1, [...seen].join(' '));
    const other = await library.startImpact(1, ada);
    library.impacts.cancel(other.id, ada);
    assert.equal(
      (await library.versions.prospect(1, ada)).impact.losing,
      1,
      'the thread goes on after it was called off',
    );
    await library.close();
  });

  test('two versions are compared line by line', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('exports', { name: 'Exports', text: noExport, tests: [] }, ada);
    await library.documents.create(
      'other',
      { name: 'Other', text: noExport.replaceAll('analysts-do-not', 'x'), tests: [] },
      ada,
    );
    await library.versions.stage({ note: '' }, ada);
    await library.documents.save(
      'exports',
      { name: 'Exports', text: noExport.replace('export no', 'keep no'), tests: [exportTest] },
      1,
      ada,
    );
    await library.documents.remove('other', 1, ada);
    const found = await library.compare(1, undefined);
    assert.deepEqual(
      found.map(({ id, change, testsChanged, lines }) => [
        id,
        change,
        testsChanged,
        lines.filter(({ kind }) => kind !== 'same').map(({ kind, text }) => `${kind} ${text}`),
      ]),
      [
        [
          'exports',
          'changed',
          true,
          ['removed @words("Analysts export no recordings")', 'added @words("Analysts keep no recordings")'],
        ],
        [
          'other',
          'removed',
          false,
          noExport
            .replaceAll('analysts-do-not', 'x')
            .trim()
            .split('\n')
            .map((line) => `removed ${line}`),
        ],
      ],
    );
    assert.deepEqual(
      (await library.compare(0, 1)).map(({ change }) => change),
      ['added', 'added'],
    );
    await assert.rejects(library.compare(7, 1), { code: 'policy_version_unknown' });
    await library.close();
  });
});
