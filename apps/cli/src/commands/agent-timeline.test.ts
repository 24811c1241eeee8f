import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
const access = ['--server', server.url, '--key', server.key];

const step = (position: number, code: string, agent: Record<string, string>) => ({
  position: `1/${position}`,
  received: `2026-01-02T03:04:0${position}.000Z`,
  event: { metadata: { event_code: code }, unmapped: { sallyport: { agent } } },
});

test('a run is told from its beginning, page by page, with what was refused and why, and nothing of runs that only speak of it', async () => {
  const asked: string[] = [];
  server.interfere((request) => {
    asked.push(request.url ?? '');
    const isSecond = request.url?.includes('after=') === true;
    const newest = [
      step(4, 'agent.tool_decided', {
        session: 'ab12/explore',
        tool: 'Bash\u001b[31m',
        target: 'rm x',
        verdict: 'deny',
        reason: 'because\nok',
      }),
      step(3, 'agent.tool_decided', { session: 'ff99', tool: 'Bash', target: 'grep ab12' }),
    ];
    const oldest = [step(2, 'agent.session_started', { session: 'ab12' })];
    return { status: 200, body: { events: isSecond ? oldest : newest, ...(isSecond ? {} : { next: '1/3' }) } };
  });
  const { exitCode, stdout, stderr } = await run(['agent', 'timeline', 'ab12', ...access]);
  assert.equal(exitCode, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^2026-01-02 03:04:02Z +session started$/);
  assert.match(lines[1] ?? '', /^2026-01-02 03:04:04Z {2}refused +Bash.*: rm x$/);
  assert.match(lines[2] ?? '', /^ {34}sub-agent explore · because/);
  assert.ok(!stdout.includes('grep') && !stdout.includes('\u001b'), stdout);
  assert.match(stderr, /^2 steps$/m);
  assert.equal(asked.length, 2);
  for (const id of ['', 'a b', '"x', 'a'.repeat(65)])
    assert.equal((await run(['agent', 'timeline', id, ...access])).exitCode, 2, id);
});
