import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Gate } from './gate.ts';
import type { RpcOutcome } from './json-rpc.ts';
import {
  age,
  begin,
  changesOf,
  createHouses,
  gone,
  remoteServer,
  textsIn,
  until,
  wordsOf,
} from './resumed-tasks.fixture.ts';
import { createTaskSeal } from './task-seal.ts';

const { folder, fileOf, houseOf, killed, close } = createHouses();
after(close);

const ofAnother = { session: 'cd34', seal: createTaskSeal('spa_of-another-run') };
const beats = { limits: { taskBeatMs: 5 } };
const listed = (outcome: RpcOutcome): JsonValue =>
  'result' in outcome ? (outcome.result['tasks'] ?? null) : outcome.error.message;

test('what waits is looked after by who is still here when the one that found it leaves', async () => {
  const directory = folder();
  const file = fileOf(directory);
  // Both are here before there is anything to look after.
  const first = await houseOf(remoteServer().remote, file, {
    ...beats,
    gate: { task: async (_call, { change }) => (change === 'resumed' ? { withheld: 'not now' } : {}) },
  });
  const { server, remote } = remoteServer();
  let isStopped = false;
  const second = await houseOf(remote, file, {
    ...beats,
    gate: { standing: async () => (isStopped ? { over: 'stopped by Ada' } : {}) },
  });
  const taskId = await killed(directory);
  assert.match(wordsOf(await first.client.ask('tasks/get', { taskId })), /not now/);
  await first.client.relay.close();
  isStopped = true;
  await until(() => changesOf(second).includes('abandoned'));
  assert.deepEqual(server.last('tasks/cancel'), { taskId: 'their-1' });
  assert.deepEqual(readdirSync(directory), []);
});

test('one that cannot be had now keeps its place, however many wait', async () => {
  const directory = folder();
  const before = fileOf(directory, { pid: gone });
  const keep = (id: string, theirs: string): void =>
    before.keep({
      id,
      theirs,
      target: 'scripted',
      callId: 'call-000001',
      tool: 'one',
      going: { input: {}, atMs: 1, untilMs: Date.now() + 3_600_000 },
    });
  for (let at = 100; at < 164; at += 1) keep(`task-0${at}`, `their-${at}`);
  age(directory);
  const file = fileOf(directory);
  file.takeLeft('scripted');
  const taken = file.waiting.take('task-0100', 'scripted');
  assert.ok(taken !== undefined);
  assert.equal(file.waiting.add({ ...taken, id: 'task-9999' }), false, 'its place is kept');
  const leave = file.waiting.join(() => undefined);
  assert.equal(file.waiting.putBack(taken), true);
  assert.equal(file.waiting.all('scripted').length, 64);
  assert.equal(file.waiting.take('task-0100', 'scripted')?.id, 'task-0100');
  file.waiting.goesOn('task-0100');
  assert.equal(file.waiting.add({ ...taken, id: 'task-9999' }), true);
  leave();
  assert.equal(file.waiting.putBack(taken), false, 'nobody is here');
});

test('another run of the same name leaves a task alone, and its own run goes on with it', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const { server, remote } = remoteServer();
  const other = await houseOf(remote, fileOf(directory, ofAnother));
  assert.match(wordsOf(await other.client.ask('tasks/result', { taskId })), /"Task not found"/);
  await other.client.relay.close();
  assert.deepEqual([changesOf(other), server.last('tasks/cancel')], [[], {}]);
  assert.match(textsIn(directory), /"sealed"/);
  const own = await houseOf(remoteServer().remote, fileOf(directory));
  assert.match(wordsOf(await own.client.ask('tasks/result', { taskId })), /came of their-1/);
});

test('when the time of a task is over another run says so, and ends it at its server', async () => {
  for (const [limits, seconds] of [
    [{ taskMs: 1000 }, 60],
    // Whatever time stands in it.
    [{ taskMs: 3_600_000_000 }, 26 * 3600],
  ] as const) {
    const directory = folder();
    await killed(directory, { limits });
    age(directory, seconds);
    const { server, remote } = remoteServer();
    const other = await houseOf(remote, fileOf(directory, { ...ofAnother, nowMs: () => Date.now() + 10_000 }));
    await until(() => changesOf(other).includes('abandoned'));
    assert.deepEqual(server.last('tasks/cancel'), { taskId: 'their-1' });
    assert.match(other.told[0]?.reason ?? '', /run ab12/);
  }
});

test('files of other runs, however many, do not hide what is ours', async () => {
  const directory = folder();
  for (let at = 0; at < 70; at += 1) {
    fileOf(directory, { pid: gone, ...ofAnother }).keep({
      id: `task-${1000 + at}`,
      theirs: `of-another-${at}`,
      target: 'scripted',
      callId: 'call-000001',
      tool: 'one',
      going: { input: {}, atMs: 1, untilMs: Date.now() + 3_600_000 },
    });
  }
  const taskId = await killed(directory);
  const { client } = await houseOf(remoteServer().remote, fileOf(directory));
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /came of their-1/);
});

test('until somebody said that it may go on a task is shown to nobody, and nothing of its server is heard of it', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const answer = Promise.withResolvers<void>();
  const isAsked = Promise.withResolvers<void>();
  const { server, remote } = remoteServer();
  const { client } = await houseOf(remote, fileOf(directory), {
    gate: {
      task: async (_call, { change }) => {
        if (change !== 'resumed') return {};
        isAsked.resolve();
        await answer.promise;
        return {};
      },
    },
  });
  const got = client.ask('tasks/get', { taskId });
  await isAsked.promise;
  assert.deepEqual(listed(await client.ask('tasks/list')), []);
  const status: JsonObject = { taskId: 'their-1', status: 'working', ttl: null };
  server.notify('notifications/tasks/status', status);
  const again = client.ask('tasks/cancel', { taskId });
  await client.ask('ping');
  assert.doesNotMatch(JSON.stringify([client.heard, server.heard]), /tasks\/status|tasks\/get|tasks\/cancel/);
  answer.resolve();
  assert.match(wordsOf(await got), /completed/);
  await again;
  assert.match(JSON.stringify(listed(await client.ask('tasks/list'))), new RegExp(String(taskId)));
  server.notify('notifications/tasks/status', status);
  await client.ask('ping');
  assert.match(JSON.stringify(client.heard), /tasks\/status/);
});

test('a client that leaves while its question for a task is decided leaves nothing that goes on', async () => {
  const directory = folder();
  const taskId = await killed(directory);
  const answer = Promise.withResolvers<void>();
  const isAsked = Promise.withResolvers<void>();
  const changes: string[] = [];
  const { server, remote } = remoteServer();
  const { client } = await houseOf(remote, fileOf(directory), {
    gate: {
      task: async (_call, { change }) => {
        changes.push(change);
        if (change !== 'resumed') return {};
        isAsked.resolve();
        await answer.promise;
        return { withheld: 'not now' };
      },
    },
  });
  void client.ask('tasks/get', { taskId });
  await isAsked.promise;
  await client.relay.close();
  answer.resolve();
  assert.deepEqual(changes, ['resumed', 'abandoned']);
  assert.deepEqual(server.last('tasks/cancel'), { taskId: 'their-1' });
  assert.deepEqual(readdirSync(directory), []);
});

test('a client that left takes nothing more: who is still here has what it waited for', async () => {
  const directory = folder();
  // A moment before it may be taken.
  const file = fileOf(directory, { nowMs: () => Date.now() + 13_900 });
  const first = await houseOf(remoteServer().remote, file);
  const second = await houseOf(remoteServer().remote, file);
  const taskId = await killed(directory);
  age(directory, 1);
  void first.client.ask('tasks/get', { taskId });
  const left = first.client.relay.close();
  const got = second.client.ask('tasks/get', { taskId });
  await left;
  assert.match(wordsOf(await got), /completed/);
  assert.deepEqual([changesOf(first), changesOf(second)], [[], ['resumed']]);
});

test('an end that nobody hears is told once somebody does, though nothing goes on any more, and its server is asked once', async () => {
  const directory = folder();
  let isThere = false;
  const told: string[] = [];
  const gate: Partial<Gate> = {
    task: async (_call, { change }) => {
      if (change !== 'began' && !isThere) return { isUnheard: true };
      told.push(change);
      return {};
    },
  };
  const ending = await houseOf(remoteServer().remote, fileOf(directory), { ...beats, gate });
  const taskId = await begin(ending);
  assert.match(wordsOf(await ending.client.ask('tasks/cancel', { taskId })), /cancelled/);
  assert.match(textsIn(directory), new RegExp(String(taskId)), 'it is kept for the gateway after this one');
  isThere = true;
  await until(() => readdirSync(directory).length === 0);
  assert.deepEqual(told, ['began', 'cancelled']);

  isThere = false;
  told.length = 0;
  const plain = fileOf(directory, { pid: gone });
  plain.keep({ id: 'task-left', theirs: 'their-9', target: 'scripted', callId: 'call-left', tool: 'one' });
  age(directory);
  const { server, remote } = remoteServer();
  let asked = 0;
  await houseOf(remote, fileOf(directory), {
    ...beats,
    gate: {
      task: async (...how) => {
        asked += 1;
        return (await gate.task?.(...how)) ?? {};
      },
    },
  });
  await until(() => asked > 3);
  isThere = true;
  await until(() => readdirSync(directory).length === 0);
  assert.deepEqual(told, ['abandoned']);
  const cancelled = server.heard.filter((one) => one.kind === 'request' && one.method === 'tasks/cancel');
  assert.equal(cancelled.length, 1);
});

test('a call that went unasked and ends is kept for nobody: that it was is on record', async () => {
  const directory = folder();
  const house = await houseOf(remoteServer().remote, fileOf(directory), {
    gate: { task: async () => ({ isUnasked: true }) },
  });
  const taskId = await begin(house);
  await house.client.ask('tasks/cancel', { taskId });
  assert.deepEqual(readdirSync(directory), []);
});

test('what nobody heard of one client is told by another of this process', async () => {
  const directory = folder();
  const file = fileOf(directory);
  const leaving = await houseOf(remoteServer().remote, file, {
    gate: { task: async (_call, { change }) => (change === 'began' ? {} : { withheld: 'cannot be reached' }) },
  });
  const staying = await houseOf(remoteServer().remote, file, beats);
  const taskId = await begin(leaving);
  await leaving.client.relay.close();
  await until(() => readdirSync(directory).length === 0);
  assert.deepEqual(
    staying.told.map(({ change, task }) => [change, task]),
    [['abandoned', taskId]],
  );
});
