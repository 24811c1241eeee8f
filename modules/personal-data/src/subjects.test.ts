import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutbox } from '@sallyport/ledger';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, Position } from '@sallyport/contracts';
import type { AppendBatch } from '@sallyport/ledger';
import { createPersonalData } from './subject-service.ts';
import type { PersonalData } from './subject-service.ts';
import { presets } from './declarations.ts';
import { ada as officer, startPersonalData } from './subjects.fixture.ts';
import type { PersonalDataUnderTest } from './subjects.fixture.ts';

const userNames = { kind: 'user-name', paths: ['**.user.name'], sources: undefined, except: ['root'] } as const;

function signIn(name: string, more: JsonObject = {}): JsonObject {
  return {
    class_uid: 3002,
    time: 1_763_800_000_000,
    actor: { user: { name } },
    message: `Accepted password for ${name} from 192.0.2.7`,
    raw_data: `sshd: Accepted password for ${name} from 192.0.2.7 port 22 ssh2`,
    ...more,
  };
}

let sequence = 0;
function batch(
  events: readonly JsonObject[],
  collector = 'intake/web-1',
  priority: AppendBatch['priority'] = 'intake',
): AppendBatch {
  return {
    collector,
    priority,
    entries: events.map((event) => ({
      classUid: 3002,
      sequence: (sequence += 1),
      body: Buffer.from(JSON.stringify(event)),
    })),
  };
}

async function readAll({ ledger }: Pick<PersonalData, 'ledger'>): Promise<unknown[]> {
  const { events } = await ledger.read({ log: 1, index: 0 }, { maxEvents: 10_000, maxBytes: 1e9 });
  return events.map(({ body }) => parseJson(Buffer.from(body ?? []).toString('utf8')));
}

test('what is declared is in no stored body in the clear, and is read as it was handed in', async (context) => {
  const { personal, service, stored } = await startPersonalData(context);
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('ada'), signIn('grace'), signIn('root')]));
  const bodies = stored.events().map(({ body }) => Buffer.from(body ?? []).toString('utf8'));
  assert.equal(
    bodies.some((text) => /ada|grace/u.test(text.replaceAll('metadata', ''))),
    false,
  );
  assert.equal(
    bodies.some((text) => text.includes('for root from')),
    true,
  );
  const events = (await readAll(personal)).filter((event) => isJsonObject(event) && event['class_uid'] === 3002);
  assert.deepEqual(events, [signIn('ada'), signIn('grace'), signIn('root')]);
});

test('a source nothing is declared for is passed on in the same turn, byte for byte, and its marks mean nothing', async (context) => {
  const { personal, service, stored } = await startPersonalData(context);
  await service.declarations.put('one', { ...userNames, sources: ['other'] }, officer);
  const before = stored.events().length;
  const entry = batch([signIn('ada')]);
  const marked = { ...entry, entries: [{ classUid: 0, sequence: 77, body: Buffer.from('\t\t{"a":"sealed1.AAAA"}') }] };
  await Promise.all([personal.ledger.append(entry), personal.ledger.append(marked)]);
  const [plain, forged] = stored.events().slice(before);
  assert.deepEqual(plain?.body, entry.entries[0]?.body);
  assert.equal(Buffer.from(forged?.body ?? []).toString(), '{"a":"sealed1.AAAA"}');
  assert.deepEqual((await readAll(personal)).at(-1), { a: 'sealed1.AAAA' });
});

test('a finding and an audit record that repeat a known name are sealed too, in fields nobody declared', async (context) => {
  const { personal, service, stored } = await startPersonalData(context);
  await service.declarations.put('user-names', { ...userNames, sources: ['web-1'] }, officer);
  await personal.ledger.append(batch([signIn('Ada Lovelace'), signIn('grace@example.com')]));
  const finding = {
    class_uid: 2004,
    finding_info: { title: 'Password guessing', desc: 'Seen for ada lovelace, 5 times (by grace@example.com).' },
    evidences: [{ data: { group: ['Ada Lovelace'] } }],
  };
  const before = stored.events().length;
  await personal.ledger.append(batch([finding], 'detection', 'control'));
  const body = Buffer.from(stored.events()[before]?.body ?? []).toString('utf8');
  assert.doesNotMatch(body, /lovelace|grace/iu);
  assert.match(body, /Password guessing/u);
  assert.deepEqual((await readAll(personal)).at(-1), finding);
});

test('after an erasure the name reads [erased] everywhere, others stay, and keepers are told exactly the events concerned', async (context) => {
  const told: Position[] = [];
  const keeper = {
    name: 'rows',
    forget: async (ranges: readonly { log: number; from: number; to: number }[]) => {
      for (const { log, from, to } of ranges) for (let index = from; index < to; index += 1) told.push({ log, index });
    },
  };
  const { personal, service, proposals, carryOut, stored } = await startPersonalData(context, { keepers: [keeper] });
  await service.declarations.put('user-names', userNames, officer);
  const positions = await personal.ledger.append(batch([signIn('ada'), signIn('grace'), signIn('ADA ')]));
  const about = [{ kind: 'user-name', value: 'Ada' }] as const;
  const found = await service.requests.find(about);
  assert.equal(found.events.entries, 2);
  const asked = await service.requests.ask({ kind: 'erasure', about, reason: 'ticket 7', actor: officer });
  assert.equal(asked.state, 'waiting');
  assert.deepEqual(asked.about, about);
  // Nothing is gone before two people and time have passed: the name is still read, and still sealed under the same key.
  await personal.ledger.append(batch([signIn('ada', { status: 'again' })]));
  assert.deepEqual(
    (await readAll(personal)).filter((event) => JSON.stringify(event).includes('[erased]')),
    [],
  );

  await carryOut(proposals[0]?.id ?? '');
  const events = await readAll(personal);
  assert.equal(JSON.stringify(events).match(/\bada\b/giu), null);
  assert.deepEqual(events.filter((event) => isJsonObject(event) && event['message'] === '[erased]').length >= 3, true);
  assert.deepEqual(
    events.find((event) => JSON.stringify(event).includes('grace')),
    signIn('grace'),
  );
  assert.deepEqual(told.slice(0, 2), [positions[0], positions[2]]);
  const ended = await service.requests.get(asked.id);
  assert.deepEqual([ended.state, ended.about], ['erased', undefined]);
  assert.equal((await service.requests.find(about)).subjects[0]?.keys[0]?.forgottenAtMs === undefined, false);
  assert.match(JSON.stringify(await readAll(personal)), /personal_data\.erased/u);
  // Whoever is recorded anew after that is somebody new.
  await personal.ledger.append(batch([signIn('ada')]));
  assert.match(JSON.stringify((await readAll(personal)).at(-1)), /for ada from/u);
  assert.equal(
    JSON.stringify(stored.events().map(({ body }) => Buffer.from(body ?? []).toString())).includes('for ada'),
    false,
  );
});

test('a finding about what was read before an erasure does not bring the name back', async (context) => {
  const late = { class_uid: 2004, actor: { user: { name: 'ada' } }, finding_info: { desc: 'Seen for ada, late' } };
  let position: Position | undefined;
  const under: PersonalDataUnderTest = await startPersonalData(context, {
    async caughtUp() {
      [position] = await under.personal.ledger.append(batch([late], 'detection', 'control'));
    },
  });
  const { personal, service, proposals, carryOut } = under;
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('ada')]));
  const about = [{ kind: 'user-name', value: 'ada' }] as const;
  const { id } = await service.requests.ask({ kind: 'erasure', about, reason: 'r', actor: officer });
  await carryOut(proposals[0]?.id ?? '');
  const { events } = await personal.ledger.read(position ?? { log: 0, index: 0 }, { maxEvents: 1, maxBytes: 1e6 });
  assert.deepEqual(parseJson(Buffer.from(events[0]?.body ?? []).toString()), {
    class_uid: 2004,
    actor: { user: { name: '[erased]' } },
    finding_info: { desc: '[erased]' },
  });
  assert.equal((await service.requests.get(id)).state, 'erased');
  assert.equal(personal.health().unreadable, 0);
});

test('what a legal hold on days keeps is not taken apart by erasing who stands in it', async (context) => {
  const { personal, service, proposals, holds } = await startPersonalData(context);
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('ada')]));
  const about = [{ kind: 'user-name', value: 'ada' }] as const;
  const asked = { kind: 'erasure', about, reason: 'r', actor: officer } as const;
  const hold = { id: 'h', name: 'Case 7', reason: 'court', by: 'ada', atMs: 0, keyIds: [] };
  holds.push({ ...hold, selector: { classes: ['events'], fromDay: '2026-11-22' } });
  await assert.rejects(service.requests.ask(asked), { code: 'request_refused', message: /"Case 7" keeps 2026-11-22/u });
  assert.equal(proposals.length, 0);
  holds.splice(0, 1, { ...hold, selector: { classes: ['events'], toDay: '2026-11-21' } });
  holds.push({ ...hold, selector: { classes: ['recordings'] } });
  assert.equal((await service.requests.ask(asked)).state, 'waiting');
});

test('forgetting goes on after a restart until every keeper has done it', async (context) => {
  let failures = 2;
  const keeper = {
    name: 'rows',
    async forget() {
      failures -= 1;
      if (failures >= 0) throw new Error('planted');
    },
  };
  const under = await startPersonalData(context, { keepers: [keeper] });
  await under.service.declarations.put('user-names', userNames, officer);
  await under.personal.ledger.append(batch([signIn('ada')]));
  const about = [{ kind: 'user-name', value: 'ada' }] as const;
  const { id } = await under.service.requests.ask({ kind: 'erasure', about, reason: 'r', actor: officer });
  await assert.rejects(under.carryOut(under.proposals[0]?.id ?? ''), /planted/u);
  assert.equal((await under.service.requests.get(id)).state, 'forgetting');
  const again = (await under.restart()).serve(under.requestNeeds);
  await assert.rejects(again.requests.forgetting.run(), /planted/u);
  await again.requests.forgetting.run();
  assert.equal((await again.requests.get(id)).state, 'erased');
  await again.requests.close();
});

test('an export holds every event of the subject and only these, as they read', async (context) => {
  const { personal, service } = await startPersonalData(context);
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('ada', { n: 1 }), signIn('grace'), signIn('ada', { n: 2 })]));
  const about = [{ kind: 'user-name', value: 'ada' }] as const;
  const { id, state } = await service.requests.ask({ kind: 'access', about, reason: 'art. 15', actor: officer });
  assert.equal(state, 'answered');
  let text = '';
  for await (const piece of await service.requests.exported(id, officer)) text += piece;
  const document = parseJson(text);
  assert.ok(isJsonObject(document) && Array.isArray(document['events']));
  assert.deepEqual(document['about'], about);
  assert.equal(document['count'], 2);
  assert.deepEqual(
    document['events'].map((one: unknown) => isJsonObject(one) && one['event']),
    [signIn('ada', { n: 1 }), signIn('ada', { n: 2 })],
  );
});

test('with no room for more subjects nothing is lost: the rest of the day shares a key, which can be erased as such', async (context) => {
  const under = await startPersonalData(context, { limits: { subjects: 3, newPerDay: 3 } });
  // Whoever declares is the first: audit records name somebody too.
  const { personal, service, proposals, carryOut } = under;
  await service.declarations.put('user-names', userNames, officer);
  const names = ['ada', 'grace', 'joan', 'mary'];
  await personal.ledger.append(batch(names.map((name) => signIn(name))));
  const signIns = async (): Promise<unknown[]> =>
    (await readAll(personal)).filter((event) => isJsonObject(event) && event['class_uid'] === 3002);
  assert.deepEqual(
    await signIns(),
    names.map((name) => signIn(name)),
  );
  assert.equal(personal.health().shared, 2);
  const about = [{ kind: 'shared', value: '2026-11-22' }] as const;
  await service.requests.ask({ kind: 'erasure', about, reason: 'r', actor: officer });
  await carryOut(proposals[0]?.id ?? '');
  const left = JSON.stringify(await signIns());
  assert.deepEqual(
    names.map((name) => left.includes(`for ${name} `)),
    [true, true, false, false],
  );
});

test('an event that names hundreds makes few keys, and hides them all', async (context) => {
  const { personal, service, stored } = await startPersonalData(context);
  await service.declarations.put('all', { ...userNames, paths: ['list.name'] }, officer);
  const before = personal.health().subjects;
  const event = { class_uid: 0, list: Array.from({ length: 300 }, (_, at) => ({ name: `person-${at}-x` })) };
  await personal.ledger.append(batch([event, { class_uid: 0, list: [{ name: 'person-7-x' }] }]));
  assert.equal(personal.health().subjects - before, 80);
  const bodies = stored.events().map(({ body }) => Buffer.from(body ?? []).toString('utf8'));
  assert.equal(bodies.filter((text) => text.includes('person-')).length, 0);
  assert.deepEqual((await readAll(personal)).slice(-2)[0], event);
});

test('batches keep their order, whichever of them must wait for keys', async (context) => {
  const { personal, service, stored } = await startPersonalData(context);
  await service.declarations.put('one', { ...userNames, sources: ['web-1'] }, officer);
  const before = stored.events().length;
  await Promise.all(
    Array.from({ length: 30 }, async (_, at) =>
      personal.ledger.append(
        batch([{ n: at, ...signIn(`user${at}`) }], at % 2 === 0 ? 'intake/web-1' : 'intake/other'),
      ),
    ),
  );
  const order = stored
    .events()
    .slice(before)
    .map(({ body }) => /"n":(\d+)/u.exec(Buffer.from(body ?? []).toString())?.[1]);
  assert.deepEqual(
    order,
    Array.from({ length: 30 }, (_, at) => String(at)),
  );
});

test('a control database that lost the keys of subjects learns them again from the vault, and finds what they sealed', async (context) => {
  const { personal, service, restart, needs, requestNeeds } = await startPersonalData(context);
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('ada')]));
  const tables = needs.database.withTables<{
    personal_keys: { key_id: string };
    personal_places: { key_id: string };
  }>();
  await tables.deleteFrom('personal_keys').execute();
  await tables.deleteFrom('personal_places').execute();
  const again = await restart();
  assert.equal(again.health().subjects, 2);
  assert.match(JSON.stringify(await readAll(again)), /for ada from/u);
  // Where they were used nobody wrote down: what is asked about ada reads the whole ledger.
  const { requests } = again.serve(requestNeeds);
  const about = [{ kind: 'user-name', value: 'ada' }] as const;
  const { id } = await requests.ask({ kind: 'access', about, reason: 'r', actor: officer });
  let text = '';
  for await (const piece of await requests.exported(id, officer)) text += piece;
  assert.match(text, /Accepted password for ada[^]*"count":1/u);
  await requests.close();
});

test('what is asked about nobody, or declared wrongly, is refused', async (context) => {
  const { service } = await startPersonalData(context);
  const about = [{ kind: 'user-name', value: 'nobody-here' }] as const;
  await assert.rejects(service.requests.ask({ kind: 'erasure', about, reason: 'r', actor: officer }), {
    code: 'subject_unknown',
  });
  await assert.rejects(service.requests.get('0000000000000000'), { code: 'request_unknown' });
  for (const [name, preset] of Object.entries(presets))
    await service.declarations.put(name, { ...preset, sources: undefined }, officer);
  assert.equal(service.declarations.list().length, Object.keys(presets).length);
});

test('a person who is held is not erased, others on the same page are, and when it is released they can be', async (context) => {
  const under = await startPersonalData(context);
  const { personal, service, proposals, carryOut, holds } = under;
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('ada'), signIn('grace')]));
  const aboutAda = [{ kind: 'user-name', value: 'Ada' }] as const;
  const aboutGrace = [{ kind: 'user-name', value: 'grace' }] as const;
  const ask = (about: typeof aboutAda | typeof aboutGrace) =>
    service.requests.ask({ kind: 'erasure', about, reason: 'r', actor: officer });
  // One that was asked for before the hold came.
  await ask(aboutAda);
  const placed = await service.requests.holds.place({
    about: aboutAda,
    name: 'Case 7',
    reason: 'court',
    withDays: true,
    actor: officer,
  });
  assert.deepEqual((await service.requests.holds.list())[0]?.about, aboutAda);
  const [held] = holds;
  assert.ok(held?.keyIds.includes('key of 2026-11-22'), 'the days it stands on, where asked for');
  await assert.rejects(ask(aboutAda), /the legal hold "Case 7" keeps this person/);
  // What the vault does with both lists: held keys survive and stop no others.
  await ask(aboutGrace);
  for (const { id } of proposals) await carryOut(id, new Set(held?.keyIds));
  const text = JSON.stringify(await readAll(personal));
  assert.deepEqual([text.includes('for ada '), text.includes('for grace ')], [true, false]);
  holds.length = 0;
  assert.deepEqual(await service.requests.holds.list(), []);
  await ask(aboutAda);
  await carryOut(proposals.at(-1)?.id ?? '');
  assert.doesNotMatch(JSON.stringify(await readAll(personal)), /for ada /);
  assert.equal(placed.hold.name, 'Case 7');
});

test('nobody is held under a name nothing is sealed under, and a hold names the case, not the person', async (context) => {
  const { service, stored, personal } = await startPersonalData(context);
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('slartibartfast')]));
  const place = (value: string) =>
    service.requests.holds.place({
      about: [{ kind: 'user-name', value }],
      name: 'Case 7',
      reason: 'court',
      withDays: false,
      actor: officer,
    });
  await assert.rejects(place('nobody'), { code: 'subject_unknown' });
  await place('slartibartfast');
  const bodies = stored.events().map(({ body }) => Buffer.from(body ?? []).toString('utf8'));
  assert.equal(bodies.filter((body) => body.includes('slartibartfast')).length, 0);
  assert.ok(bodies.some((body) => body.includes('personal_data.held')));
});

test('a page that is missing from both copies is an alarm and never an erasure', async (context) => {
  const under = await startPersonalData(context);
  const { personal, service, stored, restart, losePages, proposals } = under;
  await service.declarations.put('user-names', userNames, officer);
  await personal.ledger.append(batch([signIn('ada')]));
  const about = [{ kind: 'user-name', value: 'ada' }] as const;
  const putBack = losePages();
  const later = await restart();
  assert.match(JSON.stringify(await readAll(later)), /\[unreadable\]/);
  // Nothing of the process that still has the page in memory, and would write it again.
  const { database, random } = under.needs;
  const outbox = createOutbox({ database, ledger: later.ledger, key: Buffer.alloc(32, 6), random, nowMs: () => 1 });
  const again = later.serve({ ...under.requestNeeds, outbox });
  context.after(() => again.requests.close());
  await again.requests.looked();
  assert.equal(again.requests.lostPages(), 1);
  assert.ok(stored.events().some(({ body }) => Buffer.from(body ?? []).includes('personal_data.page_lost')));
  await assert.rejects(
    again.requests.ask({ kind: 'erasure', about, reason: 'r', actor: officer }),
    /is in neither copy of the vault/,
  );
  await again.requests.forgetting.run();
  assert.equal(later.health().erased, 0);
  assert.deepEqual(proposals, []);
  putBack();
  assert.match(JSON.stringify(await readAll(await restart())), /for ada /);
});

test('who is on their way out is not held in name only', async (context) => {
  const under = await startPersonalData(context);
  await under.service.declarations.put('user-names', userNames, officer);
  await under.personal.ledger.append(batch([signIn('ada')]));
  const leaving = await createPersonalData({ ...under.needs, keys: { ...under.needs.keys, setApart: async () => [] } });
  const { requests } = leaving.serve(under.requestNeeds);
  context.after(() => requests.close());
  const about = [{ kind: 'user-name', value: 'ada' }] as const;
  const hold = { about, name: 'Case 7', reason: 'court', withDays: true, actor: officer };
  await assert.rejects(requests.holds.place(hold), /1 of 1 keys are on their way out/);
  assert.deepEqual(under.holds, []);
});
