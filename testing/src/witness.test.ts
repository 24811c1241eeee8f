// The real server with a real witness beside it: put back, forked, killed.
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { markedLine } from './marked-events.ts';
import { sendLines } from './sending.ts';
import { createServerUnderTest } from './server-under-test.ts';
import { eventually } from './waiting.ts';
import { createWitnessUnderTest } from './witness-under-test.ts';

const waitMs = 60_000;
const server = createServerUnderTest();
const witness = await createWitnessUnderTest('witness.example/w1');
after(async () => {
  await witness.end();
  await server.end();
  rmSync(`${server.dataDirectory}-yesterday`, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: JsonObject): Promise<string> {
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const { status, text } = await server.ask({ method, path, ...sent });
  assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
  return text;
}

type Report = {
  readonly id: string;
  readonly log: number;
  readonly key: string;
  readonly seen: number;
  readonly states: readonly string[];
};

async function report(): Promise<Report> {
  const { log, newest, witnesses } = objectIn(await ask('GET', '/v1/ledger/witnesses'));
  assert.ok(isJsonObject(log) && Array.isArray(witnesses));
  return {
    id: witnesses.map((one: JsonValue) => (isJsonObject(one) ? String(one['id']) : ''))[0] ?? '',
    log: Number(log['number']),
    key: String(log['verifier_key']),
    seen: isJsonObject(newest) ? Number(newest['size']) : 0,
    states: witnesses.map((one: JsonValue) => (isJsonObject(one) ? String(one['state']) : '')),
  };
}

function objectIn(text: string): JsonObject {
  const value: JsonValue = JSON.parse(text);
  assert.ok(isJsonObject(value));
  return value;
}

/** Sends an event, and waits until the witness has seen the log with it. */
async function witnessed(sequence: number): Promise<Report> {
  await sendLines(server, { source: 'witness', sequence, lines: [markedLine(`${sequence}.`)] });
  const { head } = await server.health();
  const size = Number(head.split('/')[1]);
  return eventually({
    what: `the witness has seen ${head}`,
    timeoutMs: waitMs,
    look: async () => {
      // Not at the next round, which is seconds away.
      await ask('POST', `/v1/ledger/witnesses/${(await report()).id}/ask`);
      const found = await report();
      return found !== undefined && found.seen >= size ? found : undefined;
    },
    describe: () => server.output().slice(-2000),
  });
}

test(
  'everything put back to yesterday is noticed at the start, through kill -9 of server and witness before',
  { timeout: 300_000 },
  async () => {
    const vkey = witness.verifierKey;
    await witness.serve();
    await server.start();
    const { key } = await report();
    await witness.trust(key);
    await ask('POST', '/v1/ledger/witnesses', { url: witness.url(), verifier_key: vkey });
    await witnessed(0);
    await witness.kill();
    await sendLines(server, { source: 'witness', sequence: 1, lines: [markedLine('1.')] });
    server.kill('supervisor', 'server', 'sealer', 'store');
    await server.ended(waitMs);
    const yesterday = `${server.dataDirectory}-yesterday`;
    cpSync(server.dataDirectory, yesterday, { recursive: true });

    // It starts while nobody is there to ask, takes entries, and is signed again once the witness is back.
    await server.start();
    await witness.serve();
    const before = await witnessed(2);
    assert.deepEqual([before.log, before.key, before.states], [1, key, ['cosigning']]);
    const evidence = await ask('GET', '/v1/ledger/proof/1/0');
    const verified = verifyEvidence(evidence, { verifierKey: key });
    assert.ok(verified.ok && verified.treeSize >= before.seen);
    assert.deepEqual(
      verified.witnesses.map(({ verifierKey }) => verifierKey),
      [vkey],
    );
    assert.equal(await server.stop(), 0);

    rmSync(server.dataDirectory, { recursive: true });
    cpSync(yesterday, server.dataDirectory, { recursive: true });
    await server.start();
    const after = await report();
    assert.equal(after.log, 2);
    const alert = await eventually({
      what: 'an alert says that the witness refuses',
      timeoutMs: waitMs,
      look: async () => {
        const text = await ask('GET', '/v1/alerts');
        return text.includes('A Witness Refuses the Ledger') ? text : undefined;
      },
    });
    assert.match(alert, /critical/);
    const first = verifyEvidence(await ask('GET', '/v1/ledger/proof/2/0'), { verifierKey: after.key });
    assert.ok(first.ok);
    const told = JSON.stringify(first.event);
    assert.match(told, /ledger\.restored/);
    assert.match(told, /"witness":"witness\.example\/w1","size":\d+,"missing":\d+/);
    // Once whoever runs the witness knows why, the new log is watched like the old one.
    await witness.trust(after.key);
    assert.equal((await witnessed(3)).log, 2);
    await witness.kill();
  },
);
