// Promise 10: a full disk never locks the operator out. And a disk that cannot be written is never damaged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { markedLine, markerOf, readMatchedRule, scriptletRule } from './marked-events.ts';
import { listAlerts, provenEvent, searchEverything, verifierKeyOf } from './recorded-events.ts';
import { problemCode, sendLines, trySending } from './sending.ts';
import { createServerUnderTest } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { mountTemporaryDisk } from './temporary-disk.ts';
import type { TemporaryDisk } from './temporary-disk.ts';
import { eventually } from './waiting.ts';

const mebibyte = 1024 * 1024;
const watermarkBytes = 64 * mebibyte;

function setUp(context: TestContext): { disk: TemporaryDisk; server: ServerUnderTest } | undefined {
  const disk = mountTemporaryDisk(300);
  if ('refused' in disk) {
    context.skip(disk.refused);
    return undefined;
  }
  const server = createServerUnderTest({ dataDirectory: `${disk.directory}/data` });
  context.after(async () => {
    await server.end();
    disk.remove();
  });
  return { disk, server };
}

test(
  'on a full disk intake stops with a code, what is there is found, keys are made and revoked on the record, and intake goes on with room',
  { timeout: 400_000 },
  async (context) => {
    const found = setUp(context);
    if (found === undefined) return;
    const { disk, server } = found;
    await server.start();
    const rule = readMatchedRule(scriptletRule);
    const lines = Array.from({ length: 200 }, (_, at) => markedLine(`before-${at}.`, at % 50 === 0 ? rule : undefined));
    const before = await sendLines(server, { source: 'disk', sequence: 0, lines });
    await server.caughtUp();

    disk.fillTo(watermarkBytes - 8 * mebibyte);
    const late = { source: 'disk', sequence: 200, lines: [markedLine('late.', rule)] };
    const refusal = await eventually({
      what: 'intake stops at the watermark',
      timeoutMs: 60_000,
      look: async () => {
        const answer = await trySending(server, { source: 'other', sequence: 0, lines: [markedLine('other.')] });
        return answer.status === 200 ? undefined : answer;
      },
    });
    assert.equal(refusal.status, 507);
    assert.equal(problemCode(refusal), 'disk_low');
    assert.equal((await server.ask({ path: '/v1/ready', key: '' })).status, 503, 'a balancer is told');

    disk.fillTo(0);
    assert.equal(problemCode(await trySending(server, late)), 'disk_low');
    const markers = new Set((await searchEverything(server)).map(({ event }) => markerOf(event?.raw_data)));
    for (let at = 0; at < 200; at += 1) assert.ok(markers.has(`before-${at}.`), `before-${at} is found on a full disk`);

    const created = await server.askLocally({
      path: '/v1/keys',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'made-on-a-full-disk', scopes: ['events:read'] }),
    });
    assert.equal(created.status, 201, created.text);
    const { id, key }: { id: string; key: string } = JSON.parse(created.text);
    assert.equal((await server.ask({ path: '/v1/events/count', key })).status, 200, 'the new key is let in');
    const revoked = await server.askLocally({ method: 'DELETE', path: `/v1/keys/${id}` });
    assert.equal(revoked.status, 204, revoked.text);
    assert.equal((await server.ask({ path: '/v1/events/count', key })).status, 401, 'the revoked one is not');

    // Everything killed on the full disk: it must come up again for the operator.
    server.kill('supervisor', 'server', 'sealer', 'store');
    server.launch();
    await eventually({
      what: 'the operator is let in on a full disk',
      timeoutMs: 60_000,
      look: async () => {
        const answer = await server.askLocally({ path: '/v1/keys', timeoutMs: 3000 }).catch(() => undefined);
        return answer?.status === 200 ? true : undefined;
      },
      describe: () => server.output().slice(-4000),
    });
    assert.equal(problemCode(await trySending(server, late)), 'disk_low');

    disk.clear();
    await server.ready();
    const [latePosition] = await sendLines(server, late);
    await server.caughtUp();
    const recorded = await searchEverything(server);
    const positions = new Map(recorded.map(({ event, position }) => [markerOf(event?.raw_data), position]));
    assert.equal(positions.get('late.'), latePosition);
    for (const [at, position] of before.entries()) assert.equal(positions.get(`before-${at}.`), position);
    const verifierKey = await verifierKeyOf(server);
    for (const position of [before[0], before.at(-1), latePosition])
      await provenEvent(server, position ?? '', verifierKey);
    const actions = recorded.flatMap(({ event }) =>
      JSON.stringify(event?.unmapped ?? {}).includes(id) ? (event?.metadata?.event_code ?? []) : [],
    );
    assert.deepEqual(
      actions.filter((action) => action.startsWith('key.')),
      ['key.create', 'key.revoke'],
      'both changes are on record, once',
    );
    assert.equal((await listAlerts(server)).length, 5);
    assert.equal(await server.stop(), 0);
  },
);

test(
  'a disk that cannot be written is refused with a code, nothing on it is damaged, and all is there once it can be',
  { timeout: 400_000 },
  async (context) => {
    const found = setUp(context);
    if (found === undefined) return;
    const { disk, server } = found;
    disk.setReadOnly(true);
    server.launch();
    assert.equal(await server.ended(60_000), 78, 'an empty disk that cannot be written');
    assert.match(server.output(), /^[A-Za-z_]+: .*read-only/m);

    disk.setReadOnly(false);
    await server.start();
    const position = await sendLines(server, { source: 'disk', sequence: 0, lines: [markedLine('overwintered.')] });
    await server.caughtUp();
    assert.equal(await server.stop(), 0);

    disk.setReadOnly(true);
    server.launch();
    assert.equal(await server.ended(60_000), 78, 'a disk with data that cannot be written');
    const printed = server.output().slice(server.output().lastIndexOf('--- start ---'));
    assert.match(printed, /^[A-Za-z_]+: .*read-?only/m);

    disk.setReadOnly(false);
    await server.start();
    await server.caughtUp();
    const recorded = await searchEverything(server, 'overwintered');
    assert.deepEqual(
      recorded.map((event) => event.position),
      position,
    );
    await provenEvent(server, position[0] ?? '', await verifierKeyOf(server));
  },
);
