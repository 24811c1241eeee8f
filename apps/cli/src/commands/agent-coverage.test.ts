import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
const path = '/v1/agents/coverage';
const coverage = (...args: string[]) =>
  run(['agent', 'coverage', ...args, '--server', server.url, '--key', server.key]);

const threat = (id: string, state: string): JsonObject => ({
  list: 'OWASP Agentic 2026',
  id,
  name: `Threat ${id}`,
  state,
  words: 'Something is done',
  gap: 'Something is not',
  means: ['hooks'],
  packs: [{ pack: 'developer', policies: state === 'covered' ? ['developer-many'] : [] }],
  rules: ['sent-out'],
});
const told = {
  packs: [{ pack: 'developer', agents: 2 }],
  own: {},
  threats: [threat('ASI01', 'covered'), threat('ASI02', 'uncovered')],
};

test('what is not covered fails where it is required, and nowhere else', async () => {
  server.documents.set(path, told);
  const plain = await coverage();
  assert.equal(plain.exitCode, 0, plain.stderr);
  assert.match(plain.stdout, /^1 covered, 1 not covered, 0 broken$/m);
  assert.equal((await coverage('--require', 'asi01')).exitCode, 0);
  const lacking = await coverage('--require', 'ASI01', 'ASI02');
  assert.equal(lacking.exitCode, 1);
  assert.match(lacking.stderr, /Not covered, though required: ASI02$/m);
  assert.equal((await coverage('--require', 'all')).exitCode, 1);
  assert.equal((await coverage('--require', 'ASI1')).exitCode, 2, 'a slip of the pen does not pass');
  const gaps = await coverage('--gaps', '--format', 'json');
  const { threats }: { threats: JsonObject[] } = JSON.parse(gaps.stdout);
  assert.deepEqual(
    threats.map(({ id }) => id),
    ['ASI02'],
  );
});

test('policies that cannot be read fail whatever is asked, also as JSON, and what they say moves no terminal', async () => {
  const why = 'Cannot load pack "developer": \u001b[2Junexpected';
  const broken = { ...told, packs: [{ pack: 'developer', agents: 2, unreadable: why }] };
  server.documents.set(path, { ...broken, threats: [threat('ASI01', 'broken'), threat('ASI02', 'uncovered')] });
  for (const args of [[], ['--gaps'], ['--format', 'json'], ['--require', 'ASI01']]) {
    const { exitCode, stdout, stderr } = await coverage(...args);
    assert.equal(exitCode, 1, args.join(' '));
    assert.match(stderr, /pack developer \(2 agents\): Cannot load pack "developer": unexpected$/m);
    assert.ok(!`${stdout}${stderr}`.includes('\u001b'));
  }
  assert.match((await coverage()).stdout, /^broken +ASI01 +Threat ASI01 {2,}1  hooks$/m);
  server.documents.set(path, { ...told, own: { unreadable: 'the seal does not fit' } });
  const own = await coverage('--require', 'ASI01');
  assert.equal(own.exitCode, 1);
  assert.match(own.stderr, /policies of your own: the seal does not fit/);
});

test('a server that does not say what is broken is not believed to have nothing broken', async () => {
  const { state: _, ...old } = threat('ASI01', 'covered');
  for (const answer of [{ threats: [old] }, { threats: [] }, {}]) {
    server.documents.set(path, answer);
    const { exitCode, stderr } = await coverage();
    assert.equal(exitCode, 1);
    assert.match(stderr, /^hint: it is older than this command: update the server$/m);
  }
});
