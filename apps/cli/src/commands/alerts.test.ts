import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { startFakeServer } from '../testing/fake-server.ts';
import { run, startMs, type CliRun, type RunOptions } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
beforeEach(() => {
  server.alerts.length = 0;
  server.interfere(() => undefined);
});

function alert(number: number, more: JsonObject = {}): JsonObject {
  return {
    id: `1-${number}`,
    number,
    state: 'new',
    title: `Alert ${number}`,
    level: 'high',
    severity_id: 4,
    rule_id: 'r',
    created_at: new Date(startMs - (100 - number) * 60_000).toISOString(),
    finding: `1/${number}`,
    input: `1/${number - 1}`,
    ...more,
  };
}

function alerts(args: readonly string[], options: RunOptions = {}): Promise<CliRun> {
  const environment = { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key };
  return run(['alerts', ...args], { environment, ...options });
}

test('alerts are printed oldest first with level as word and shape, host, and both positions', async () => {
  server.alerts.push(alert(1, { host: 'web-1', level: 'critical' }), alert(2));
  const { exitCode, stdout } = await alerts([]);
  assert.equal(exitCode, 0);
  assert.deepEqual(stdout.split('\n'), [
    '2026-03-01 10:21:00Z  ■ critical      Alert 1  on web-1  finding 1/1  event 1/0',
    '2026-03-01 10:22:00Z  ▲ high          Alert 2  finding 1/2  event 1/1',
    '',
  ]);
});

test('an alert of several findings shows when the last came and when the first, and --since goes by the last', async () => {
  const times = { first_seen_at: alert(10)['created_at'] ?? '', last_seen_at: alert(99)['created_at'] ?? '' };
  server.alerts.push(alert(98), alert(10, { ...times, count: 3 }));
  const { stdout } = await alerts(['--since', '90s']);
  assert.equal(
    stdout,
    '2026-03-01 11:59:00Z  ▲ high          Alert 10 ×3  finding 1/10  event 1/9  first 2026-03-01 10:30:00Z\n',
  );
});

test('--follow goes on behind the newest announcement the server tells, and prints an alert that came back', async () => {
  const interruption = new AbortController();
  server.interfere((request) =>
    (request.url ?? '').includes('/stream')
      ? undefined
      : { status: 200, body: { alerts: [alert(3)], newest_announcement: 8 } },
  );
  const following = alerts(['--follow'], {
    signal: interruption.signal,
    onOutput: (stdout) => void (stdout.includes('×2') && interruption.abort()),
  });
  const { headers } = await server.streamOpened();
  assert.equal(headers['last-event-id'], '8');
  server.raise(alert(3, { announcement: 9, count: 2 }));
  assert.match((await following).stdout, /Alert 3 {2}[^]*Alert 3 ×2/);
});

test('no alerts is no failure, and says what to do', async () => {
  const { exitCode, stdout, stderr } = await alerts([]);
  assert.deepEqual(
    [exitCode, stdout, stderr],
    [0, '', 'No alerts\nhint: send events with sallyport send FILE, or stay with --follow\n'],
  );
});

test('--since, --level, --state and --limit choose; --json prints the alerts as the server gave them', async () => {
  for (let number = 1; number <= 99; number += 1)
    server.alerts.push(alert(number, { level: number % 2 === 0 ? 'low' : 'high' }));
  const { stdout } = await alerts(['--since', '10m', '--level', 'medium', '--json']);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [91, 93, 95, 97, 99].map((number) => server.alerts[number - 1]),
  );
  assert.equal((await alerts(['--limit', '60', '--json'])).stdout.split('\n').length, 61);
  assert.equal((await alerts(['--state', 'closed', '--json'])).stdout, '');
  for (const bad of [
    ['--since', 'yesterday'],
    ['--level', 'loud'],
    ['--limit', '0'],
    ['--state', 'gone'],
  ]) {
    const { exitCode, stderr } = await alerts(bad);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^error: option .* argument .* is invalid\. must be[^]*\nhint: /);
  }
});

test('when there are more than are shown, that is said with how to get them; --all prints them all', async () => {
  for (let number = 1; number <= 450; number += 1) server.alerts.push(alert(number));
  const some = await alerts([]);
  assert.equal(some.stdout.trimEnd().split('\n').length, 50);
  assert.match(some.stdout, /Alert 401 [^]*Alert 450 /);
  assert.equal(some.stderr, 'The newest 50 alerts; there are more: see --limit and --all\n');
  const limited = await alerts(['--limit', '450']);
  assert.deepEqual([limited.stdout.trimEnd().split('\n').length, limited.stderr], [450, '']);
  const all = await alerts(['--all', '--json']);
  assert.deepEqual(
    all.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).number),
    server.alerts.map(({ number }) => number),
  );
});

test('host, user, source address and count are shown where they are known; a narrow terminal gets two lines, a wide one one', async () => {
  const rich = { host: 'web-1', user: 'alice', source_address: '192.0.2.7', count: 12, state: 'acknowledged' };
  server.alerts.push(
    alert(7, { ...rich, title: 'A title that is a good deal longer than what is left of eighty columns' }),
  );
  const { stdout } = await alerts([]);
  assert.match(
    stdout,
    / eighty columns ×12 \[acknowledged\] {2}on web-1 by alice from 192\.0\.2\.7 {2}finding 1\/7 {2}event 1\/6\n$/,
  );
  for (const columns of [80, 60, 200]) {
    const seen = await alerts([], { terminal: true, columns });
    const lines = seen.stdout
      .replaceAll(/\x1b\[\d+m/g, '')
      .trimEnd()
      .split('\n');
    assert.equal(lines.length, columns < 140 ? 2 : 1);
    if (columns >= 80) for (const line of lines) assert.ok(line.length <= columns, `${line.length} ${line}`);
    assert.match(lines.join(''), /×12 \[acknowledged\].*on web-1 by alice/);
  }
});

test('a server whose pages never end, or hold what was not asked for, does not keep the command going', async () => {
  let pages = 0;
  server.interfere(() => {
    pages += 1;
    const listed = pages > 20 ? [alert(1, { level: 'low' })] : [alert(pages, { level: 'high' })];
    return { status: 200, body: { alerts: listed, next: `page ${pages}` } };
  });
  const { exitCode, stdout } = await alerts(['--level', 'high', '--limit', '1000']);
  assert.equal(exitCode, 0);
  assert.equal(stdout.trimEnd().split('\n').length, 20);
  assert.equal(pages, 21);
});

test('--follow says that it lost the connection and has it back, survives a long outage, and is not led astray by hostile ids', async () => {
  server.alerts.push(alert(5));
  const interruption = new AbortController();
  let refusals = 0;
  server.interfere((request) => {
    if (!(request.url ?? '').includes('/stream') || refusals === 0 || refusals > 30) return undefined;
    refusals += 1;
    return 'break';
  });
  const following = alerts(['--follow', '--json'], {
    signal: interruption.signal,
    onOutput(stdout) {
      const seen = stdout.trimEnd().split('\n').length;
      if (seen === 2) {
        refusals = 1;
        server.breakStreams();
      }
      if (seen === 3) interruption.abort();
    },
  });
  await server.streamOpened();
  server.raise(alert(6));
  const second = await server.streamOpened();
  assert.equal(second.headers['last-event-id'], '6');
  assert.equal(refusals, 31, 'it went on asking');
  server.raise({ ...alert(7), number: 7 });
  const { exitCode, stderr, stdout } = await following;
  assert.equal(exitCode, 130);
  assert.match(
    stderr,
    /Connection lost; taking it up again behind the last alert\n[^]*trying again in [^]*Connected again; going on behind alert 6\n/,
  );
  for (const line of stdout.trimEnd().split('\n')) JSON.parse(line);
});

test('--follow goes on behind the newest alert of a server that holds fewer than before, and says so', async () => {
  server.alerts.push(alert(50));
  const interruption = new AbortController();
  const following = alerts(['--follow'], {
    signal: interruption.signal,
    onOutput: (stdout) => void (stdout.includes('Alert 4 ') && interruption.abort()),
  });
  await server.streamOpened();
  server.alerts.splice(0, 1, alert(3));
  server.breakStreams();
  const again = await server.streamOpened();
  assert.equal(again.headers['last-event-id'], '3');
  server.raise(alert(4));
  assert.match((await following).stderr, /holds fewer alerts than before, the newest is 3: was it restored\?/);
});

test('--follow prints what was there and what comes, takes a broken connection up behind the last alert, and misses nothing', async () => {
  server.alerts.push(alert(1));
  const interruption = new AbortController();
  let seen = 0;
  const ids: unknown[] = [];
  const following = alerts(['--follow'], {
    signal: interruption.signal,
    onOutput: (stdout) => {
      seen = stdout.split('\n').length - 1;
      if (seen === 2) server.breakStreams();
      if (seen === 3) interruption.abort();
    },
  });
  const first = await server.streamOpened();
  ids.push(first.headers['last-event-id']);
  server.raise(alert(2));
  const second = await server.streamOpened();
  ids.push(second.headers['last-event-id']);
  server.raise(alert(3));
  const { exitCode, stdout } = await following;
  assert.equal(exitCode, 130);
  assert.deepEqual(ids, ['1', '2']);
  assert.deepEqual(stdout.match(/Alert \d/g), ['Alert 1', 'Alert 2', 'Alert 3']);
});

test('--show prints one alert in full: what the rule looks for, what to do, and the fields, made safe to print', async () => {
  const shown = alert(7, {
    response: 'Isolate the host.\x1b[2J',
    body: { finding_info: { desc: 'Somebody read memory.\n' } },
    matched: [{ field: 'Image', value: 'C:\\a.exe\r\nforged' }],
    related: ['1/5'],
  });
  server.interfere((request) => (request.url === '/v1/alerts/1-7' ? { status: 200, body: shown } : undefined));
  const { exitCode, stdout } = await alerts(['--show', '1/7']);
  assert.equal(exitCode, 0);
  assert.deepEqual(stdout.split('\n'), [
    '2026-03-01 10:27:00Z  ▲ high          Alert 7  finding 1/7  event 1/6',
    '',
    'Somebody read memory.',
    '',
    'What to do: Isolate the host.',
    '',
    'Matched:',
    String.raw`  Image = C:\a.exe  forged`,
    '',
    'Counted together with 1 other event',
    '',
  ]);
  assert.deepEqual(JSON.parse((await alerts(['--show', '1/7', '--json'])).stdout), shown);
  const missing = await alerts(['--show', '1/8']);
  assert.equal(missing.exitCode, 1);
});

test('a title cannot move the cursor, colour, forge a line or reverse the text', async () => {
  server.alerts.push(
    alert(1, {
      title: 'a\x1b[2J\x1b]52;c;AAAA\x07b\r\nc\u202ed\x9b31me\u200b\x00',
      host: '\x1b]0;x\x1b\\h\x7f',
      level: 'high\x1b[0m',
    }),
  );
  for (const args of [[], ['--json']]) {
    const { stdout } = await alerts(args);
    assert.equal(stdout.split('\n').length, 2);
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b]/);
    if (args.length > 0) assert.deepEqual(JSON.parse(stdout), server.alerts[0]);
    else assert.match(stdout, / ab {2}c de {2} {2}on h {3}/);
  }
});
