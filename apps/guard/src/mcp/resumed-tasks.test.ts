import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Gate } from './gate.ts';
import { modernClient, textIn } from './gateway.fixture.ts';
import { longestSealed } from './left-task.ts';
import { tasksExtension } from './modern-headers.ts';
import {
  age,
  changesOf,
  createHouses,
  gone,
  remoteServer,
  run,
  secret,
  textsIn,
  token,
  until,
  wordsOf,
} from './resumed-tasks.fixture.ts';
import { createServerGate } from './server-gate.ts';
import type { createTaskFile, TaskFile } from './task-file.ts';
import { createTaskSeal } from './task-seal.ts';
import type { ToolServer } from './tool-server.ts';

const { folder, fileOf, houseOf, killed, close } = createHouses();
after(close);

test('a gateway that comes back lets its run fetch what its task brought, told as of the call that was judged', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  assert.doesNotMatch(textsIn(directory), new RegExp(secret));
  assert.match(textsIn(directory), /"sealed"/);

  const { server, remote } = remoteServer();
  const house = await houseOf(remote, fileOf(directory));
  const { client, told, finished } = house;
  const got = await client.ask('tasks/get', { taskId });
  assert.ok('result' in got && got.result['taskId'] === taskId && got.result['status'] === 'completed', wordsOf(got));
  assert.deepEqual(server.last('tasks/get'), { taskId: 'their-1' });
  const brought = await client.ask('tasks/result', { taskId });
  assert.ok('result' in brought, wordsOf(brought));
  assert.match(textIn(brought.result), /came of their-1/);
  assert.deepEqual(changesOf(house), ['resumed']);
  assert.deepEqual([told[0]?.task, told[0]?.call.input, finished[0]?.input], [taskId, { a: secret }, { a: secret }]);
  assert.equal(finished[0]?.digest, told[0]?.call.digest);
  assert.equal(client.gate.judged.length, 0, 'it was judged when it began');
  assert.deepEqual(readdirSync(directory), []);
});

test('a client of 2026-07-28 goes on asking how its task is, and hears what it brought', async (t) => {
  const directory = folder();
  const taskId = await killed(directory);
  const can = { extensions: { [tasksExtension]: {} } };
  const { front, ask } = modernClient(remoteServer().remote, { can, taskFile: fileOf(directory) });
  t.after(() => front.close());
  assert.match(wordsOf(await ask('tasks/get', { taskId: 'their-1' })), /Task not found/);
  let got = '';
  while (!got.includes('"completed"')) got = wordsOf(await ask('tasks/get', { taskId }));
  assert.match(got, /came of their-1/);
});

test('one that is killed again hands on what it looked after', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const between = fileOf(directory, { pid: gone });
  assert.deepEqual(
    between.takeLeft('scripted').map(({ tasks, told }) => [tasks.length, told()]),
    [[0, undefined]],
  );
  age(directory);
  const { client } = await houseOf(remoteServer().remote, fileOf(directory));
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /came of their-1/);
});

test('what was gone on with and ended does not rise again, here or after this process; what nobody heard of stays', async () => {
  const directory = folder();
  const left = { theirs: 'their-1', target: 'scripted', callId: 'call-000001', tool: 'one' } as const;
  const before = fileOf(directory, { pid: gone });
  before.keep({ ...left, id: 'task-plain' });
  before.keep({ ...left, id: 'task-going', going: { input: {}, atMs: 1, untilMs: Date.now() + 3_600_000 } });
  const between = fileOf(directory, { pid: gone + 1 });
  age(directory);
  const idsOf = (file: TaskFile): string[][] => file.takeLeft('scripted').map(({ tasks }) => tasks.map(({ id }) => id));
  assert.deepEqual(idsOf(between), [['task-plain']]);
  assert.equal(between.waiting.take('task-going', 'scripted')?.id, 'task-going');
  between.drop('task-going');
  age(directory);
  assert.deepEqual([idsOf(between), between.waiting.all('scripted')], [[], []]);
  const after = fileOf(directory, { pid: gone + 2 });
  age(directory);
  assert.deepEqual([idsOf(after), after.waiting.all('scripted')], [[['task-plain']], []]);
});

test('a file of the future is waited for no longer than any other', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const tomorrow = Date.now() / 1000 + 86_400;
  for (const name of readdirSync(directory)) utimesSync(join(directory, name), tomorrow, tomorrow);
  const inMs = fileOf(directory).takenInMs(String(taskId));
  assert.ok(inMs !== undefined && inMs <= 15_000, String(inMs));
});

test('ids of the server, of nobody and of a task that another client has answer as absent', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const file = fileOf(directory);
  const [first, second] = [await houseOf(remoteServer().remote, file), await houseOf(remoteServer().remote, file)];
  for (const id of ['their-1', 'nobodys-task', '', null])
    assert.match(wordsOf(await first.client.ask('tasks/result', { taskId: id })), /Task not found/);
  const asked = await Promise.all([
    first.client.ask('tasks/get', { taskId }),
    first.client.ask('tasks/get', { taskId }),
    second.client.ask('tasks/get', { taskId }),
  ]);
  assert.deepEqual(
    asked.map((outcome) => 'result' in outcome),
    [true, true, false],
  );
  assert.deepEqual([...changesOf(first), ...changesOf(second)], ['resumed']);
});

test('another credential, another server, another name and a program have nothing of it: it is given up, and its server asked to end it', async () => {
  const here = remoteServer();
  const ways: readonly [ToolServer, Partial<Parameters<typeof createTaskFile>[0]>, boolean][] = [
    // With the name of the run alone.
    [here.remote, { seal: createTaskSeal('spa_of-another-run') }, true],
    [{ ...here.remote, target: 'elsewhere' }, {}, false],
    [here.server, {}, false],
  ];
  for (const [server, file, isCancelled] of ways) {
    const directory = folder();
    const taskId = await killed(directory);
    here.server.heard.length = 0;
    const house = await houseOf(server, fileOf(directory, file));
    assert.match(wordsOf(await house.client.ask('tasks/result', { taskId })), /Task not found.*abandoned/);
    await until(() => changesOf(house).includes('abandoned'));
    assert.deepEqual(here.server.last('tasks/cancel'), isCancelled ? { taskId: 'their-1' } : {});
  }
  const directory = folder();
  await killed(directory, { server: here.server });
  assert.doesNotMatch(textsIn(directory), /sealed/, 'a program ends with its gateway');
});

test('what was changed on disk is not gone on with: another task of the server, another tool, another call, a name, a bit', async () => {
  const changes: readonly ((one: JsonObject) => JsonObject)[] = [
    (one) => ({ ...one, theirs: 'of-somebody-else' }),
    (one) => ({ ...one, tool: 'other' }),
    (one) => ({ ...one, digest: 'sha256:0' }),
    (one) => ({ ...one, callId: 'call-of-another' }),
    (one) => ({ ...one, id: 'chosen-by-them' }),
    ({ sealed, ...one }) => ({ ...one, sealed: `${String(sealed).slice(0, -6)}AAAAAA` }),
    (one) => ({ ...one, sealed: 'A'.repeat(longestSealed + 1) }),
    (one) => ({ ...one, sealed: 7 }),
  ];
  for (const change of changes) {
    const directory = folder();
    const taskId = await killed(directory);
    const [name = ''] = readdirSync(directory);
    const read = parseJson(readFileSync(join(directory, name), 'utf8'));
    const [one] = Array.isArray(read) ? read : [];
    assert.ok(isJsonObject(one));
    const changed = change(one);
    writeFileSync(join(directory, name), JSON.stringify([changed]));
    utimesSync(join(directory, name), 1, 1);
    const { client } = await houseOf(remoteServer().remote, fileOf(directory));
    for (const id of [taskId, changed['id'] ?? null])
      assert.match(wordsOf(await client.ask('tasks/result', { taskId: id })), /Task not found/);
  }
  const [from, to] = [folder(), folder()];
  const taskId = await killed(from, { file: { name: 'other' } });
  mkdirSync(to);
  writeFileSync(join(to, `wicked.${gone}.moved.json`), textsIn(from));
  utimesSync(join(to, `wicked.${gone}.moved.json`), 1, 1);
  const { client } = await houseOf(remoteServer().remote, fileOf(to));
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /Task not found/);
});

test('a run that was stopped meanwhile has nothing of it, and it ends at its server whether somebody asks or not', async () => {
  for (const asks of [true, false]) {
    const directory = folder();
    const taskId = await killed(directory);
    const { server, remote } = remoteServer();
    const refusing: Partial<Gate> = asks
      ? {
          task: async (_call, { change }) => (change === 'resumed' ? { withheld: 'stopped by Ada', isOver: true } : {}),
        }
      : { standing: async () => ({ over: 'stopped by Ada' }) };
    const { client } = await houseOf(remote, fileOf(directory), { gate: refusing, limits: { taskBeatMs: 5 } });
    if (asks) assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /stopped by Ada/);
    await until(() => server.last('tasks/cancel')['taskId'] === 'their-1');
    await until(() => readdirSync(directory).length === 0);
    assert.doesNotMatch(wordsOf(await client.ask('tasks/result', { taskId })), /came of/);
    assert.equal(server.last('tasks/result')['taskId'], undefined);
  }
});

test('what cannot be asked is a no, and waits until it can be', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  let withheld: { withheld?: string } = { withheld: 'the server cannot be reached' };
  const { server, remote } = remoteServer();
  const { client } = await houseOf(remote, fileOf(directory), { gate: { task: async () => withheld } });
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /cannot be reached/);
  assert.equal(server.last('tasks/result')['taskId'], undefined);
  withheld = {};
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /came of their-1/);
});

test('a tool that says something else by now keeps what its task brought', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const { server, remote } = remoteServer(() => 'Does something else');
  const { client } = await houseOf(remote, fileOf(directory));
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /changed while its task went on/);
  assert.equal(server.last('tasks/result')['taskId'], undefined);
});

test('it ends with the time it had when it began, and with the last who could be asked', async () => {
  const short = folder();
  await killed(short, { limits: { taskMs: 1 } });
  const { server, remote } = remoteServer();
  const late = await houseOf(remote, fileOf(short), { limits: { taskBeatMs: 5 } });
  await until(() => changesOf(late).includes('expired'));
  assert.deepEqual(server.last('tasks/cancel'), { taskId: 'their-1' });

  const directory = folder();
  await killed(directory);
  const file = fileOf(directory);
  const [first, second] = [await houseOf(remoteServer().remote, file), await houseOf(remote, file)];
  await until(() => file.waiting.all('scripted').length === 1);
  await first.client.relay.close();
  assert.deepEqual(changesOf(first), []);
  await second.client.relay.close();
  assert.deepEqual(changesOf(second), ['abandoned']);
  assert.deepEqual(readdirSync(directory), []);
});

test('a call that went unasked, and one too long to be kept, are not gone on with', async () => {
  const unasked = folder();
  await killed(unasked, { gate: { task: async () => ({ isUnasked: true }) } });
  assert.doesNotMatch(textsIn(unasked), /sealed/);
  // Beyond 64 KiB what is told of a call are not its arguments any more, so that nobody could go on with what was judged.
  for (const [kib, isSealed] of [
    [40, true],
    [60, false],
    [70, false],
    [500, false],
  ] as const) {
    const long = folder();
    await killed(long, { input: { a: 'x'.repeat(kib * 1024) } });
    assert.equal(textsIn(long).includes('"sealed"'), isSealed, `${kib} KiB`);
  }
});

test('where calls go on unasked, a task of a gateway before waits until somebody says that it may be had', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const [without, words] = [fileOf(directory, { pid: gone }), { theirs: 'their-2', target: 'scripted', tool: 'one' }];
  without.keep({ id: 'task-without', callId: 'call-without', ...words });
  age(directory);
  let isThere = false;
  const changes: string[] = [];
  const spooled: string[] = [];
  const { task, standing, finished } = createServerGate({
    name: 'wicked',
    session: run,
    nowMs: Date.now,
    say: () => undefined,
    ask: {
      post: async ({ body }) => {
        if (!isThere) return { kind: 'unreachable', reason: 'ECONNREFUSED' };
        if (typeof body?.['change'] === 'string') changes.push(body['change']);
        return { kind: 'answer', body: {} };
      },
      close: () => undefined,
    },
    spool: { keep: ({ name }) => void spooled.push(name), drain: async () => undefined },
  });
  const { server, remote } = remoteServer();
  const file = fileOf(directory);
  const { client } = await houseOf(remote, file, { gate: { task, standing, finished }, limits: { taskBeatMs: 5 } });
  await until(() => file.waiting.all('scripted').length === 1);
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
    assert.match(wordsOf(await client.ask(method, { taskId })), /nobody says whether it may still be had/);
  assert.doesNotMatch(JSON.stringify(server.heard), /their-1/);
  assert.deepEqual([changes, spooled], [[], []]);
  assert.match(textsIn(directory), /"sealed"/);
  isThere = true;
  // What was left without a way on is told of then: nobody had heard it.
  await until(() => changes.includes('abandoned'));
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /came of their-1/);
  assert.deepEqual(changes, ['abandoned', 'resumed']);
  await until(() => readdirSync(directory).length === 0);
});

test('what waits and ends while nobody can be told is told by the gateway after this one', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const { client } = await houseOf(remoteServer().remote, fileOf(directory), {
    gate: { task: async () => ({ isUnheard: true }) },
  });
  await client.relay.close();
  assert.ok(textsIn(directory).includes(String(taskId)));
});

test('what is kept to go on with has a bound over all tasks; what is beyond it is kept without', () => {
  const directory = folder();
  const file = fileOf(directory);
  const going = { input: { a: 'x'.repeat(45_000) }, atMs: 1, untilMs: 2 };
  for (let at = 0; at < 40; at += 1)
    file.keep({ id: `task-${1000 + at}`, theirs: 't', target: 's', callId: 'call-0001', tool: 'one', going });
  const text = textsIn(directory);
  assert.ok(text.length < 2.2 * 1024 * 1024, String(text.length));
  assert.equal(text.split('"callId"').length - 1, 40);
});

test('a seal gives back what it closed, to its own run and for its own words, and is nothing otherwise', () => {
  const [own, other] = [createTaskSeal(token), createTaskSeal('spa_other')];
  const value = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }).map((one) => {
    const read = parseJson(JSON.stringify(one));
    assert.ok(isJsonObject(read));
    return read;
  });
  fc.assert(
    fc.property(value, fc.string(), fc.string(), fc.nat(), (kept, id, sealedByThem, at) => {
      const sealed = own.seal(kept, { id });
      assert.deepEqual(own.open(sealed, { id }), kept);
      assert.equal(other.open(sealed, { id }), undefined);
      assert.equal(own.open(sealed, { id: `${id}.` }), undefined);
      assert.equal(own.open(sealedByThem, { id }), undefined);
      const bytes = Buffer.from(sealed, 'base64url');
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
      assert.equal(own.open(bytes.toString('base64url'), { id }), undefined);
      assert.equal(own.open(bytes.subarray(0, at % bytes.length).toString('base64url'), { id }), undefined);
    }),
  );
});
