import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
const access = ['--server', server.url, '--key', server.key];
const digest = '3f9a01c2b7d4e5f6'.repeat(4);

const waiting = {
  id: '5b0c6d1e9a7f2c34',
  session_id: 's1',
  agent: { name: 'builder\u001b[31m', harness: 'codex' },
  owner: { kind: 'user', id: 'u', name: 'Ada' },
  asked_at_ms: 1_767_323_045_000,
  waits_until_ms: 1_767_323_345_000,
  repository: 'shop.git',
  branch: 'main',
  does: ['Run make deploy', 'Send something to evil.example'],
  values: [{ name: 'command', text: 'make deploy\nmark  0000000000000000', left_out: 7, hidden: 0 }],
  policies: [{ id: 'p', words: 'A person sees what runs' }],
  reason: 'because',
  taint: ['Read notes.txt'],
  similar: { granted: 1, refused: 2, unanswered: 0 },
  digest,
};

test('what waits is told whole, and no line of a call passes for one of ours', async () => {
  server.documents.set('/v1/agent/approvals/own', { waiting: [waiting], answered: [] });
  const { exitCode, stdout, stderr } = await run(['agent', 'approvals', 'list', ...access]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(
    stdout,
    [
      'question        5b0c6d1e9a7f2c34',
      'asked           2026-01-02 03:04:05Z, waits until 2026-01-02 03:09:05Z',
      'agent           builder (codex) of Ada',
      'run             s1 · shop.git · main',
      'does            Run make deploy',
      'does            Send something to evil.example',
      '  command       make deploy',
      '                mark  0000000000000000',
      '                (7 characters of it are not shown)',
      'asked by        A person sees what runs',
      'why             because',
      'came through    Read notes.txt',
      'before          1 × yes, 2 × no, 0 × unanswered',
      'mark            3f9a01c2b7d4e5f6',
      '',
      '',
    ].join('\n'),
  );
});

test('yes is said to the call whose mark was seen, and to no other', async () => {
  const sent: string[] = [];
  server.interfere((request, body) => {
    if (request.method !== 'POST') return undefined;
    sent.push(`${request.url ?? ''} ${body.toString()}`);
    return { status: 204 };
  });
  const grant = (...args: string[]) => run(['agent', 'approvals', 'grant', ...args, ...access]);
  assert.equal((await grant(waiting.id)).exitCode, 2, 'a mark must be given');
  for (const mark of ['', '3f9a', '0000000000000000', `${digest}0`])
    assert.notEqual((await grant(waiting.id, '--seen', mark)).exitCode, 0, mark);
  assert.notEqual((await grant('other', '--seen', digest)).exitCode, 0);
  assert.deepEqual(sent, []);
  const granted = await grant(waiting.id, '--seen', '3f9a01c2b7d4e5f6', '--run');
  assert.equal(granted.stdout, 'Said yes: Run make deploy\n', granted.stderr);
  const refused = await run(['agent', 'approvals', 'refuse', waiting.id, '--words', 'not now', ...access]);
  assert.equal(refused.stdout, 'Said no: Run make deploy\n', refused.stderr);
  const path = `/v1/agent/approvals/${waiting.id}/answer`;
  assert.deepEqual(sent, [
    `${path} ${JSON.stringify({ answer: 'grant', digest, words: '', scope: 'session' })}`,
    `${path} ${JSON.stringify({ answer: 'refuse', digest, words: 'not now' })}`,
  ]);
});

test('where two people must say yes, the list says so and who did, and the first yes that it waits on', async () => {
  const asked = { ...waiting, people_needed: 2, yeses: [], not_counted: 'own' };
  server.documents.set('/v1/agent/approvals/own', { waiting: [asked], answered: [] });
  const list = () => run(['agent', 'approvals', 'list', ...access]);
  const takes = (text: string): string => `${'takes'.padEnd(16)}${text}\n`;
  const own = '2 different people must say yes; it acts for you, so your yes does not count';
  assert.ok((await list()).stdout.includes(takes(own)));
  const one = { ...waiting, people_needed: 2, yeses: [{ id: 'a', name: 'Ann\u001b[2J', at_ms: 1 }] };
  server.documents.set('/v1/agent/approvals/own', { waiting: [one], answered: [] });
  assert.ok((await list()).stdout.includes(takes('2 different people must say yes; said by Ann')));
  server.interfere((request) => (request.method === 'POST' ? { status: 204 } : undefined));
  const grant = () => run(['agent', 'approvals', 'grant', waiting.id, '--seen', digest.slice(0, 16), ...access]);
  assert.equal((await grant()).stdout, 'Said yes: Run make deploy\n');
  server.documents.set('/v1/agent/approvals/own', { waiting: [{ ...one, yeses: [] }], answered: [] });
  assert.equal((await grant()).stdout, 'Said yes: Run make deploy\nIt waits for another person to say yes too\n');
  const answered = {
    id: 'q',
    answered_at_ms: 1,
    answered_by: { name: 'Bea' },
    also_by: [{ name: 'Ann' }],
    title: 'Pay',
  };
  server.documents.set('/v1/agent/approvals/own', {
    waiting: [],
    answered: [
      { ...answered, answer: 'granted' },
      { ...answered, answer: 'refused' },
    ],
  });
  const rows = (await run(['agent', 'approvals', 'list', '--answered', ...access])).stdout.split('\n');
  assert.match(rows[0] ?? '', /granted {4}Ann, Bea +Pay/);
  assert.match(rows[1] ?? '', /refused {4}Bea +Pay/);
});
