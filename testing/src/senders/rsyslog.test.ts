// rsyslog from Debian with the recipes as they are handed out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { missingPrograms } from '../debian-programs.ts';
import { searchEverything } from '../recorded-events.ts';
import { eventually } from '../waiting.ts';
import { startSenderHouse, writeTo } from './sender-house.ts';
import { assertLines, checkRsyslog, createRsyslog } from './syslog-daemon.ts';

const skip = missingPrograms('rsyslogd');

test(
  'rsyslog over TLS loses nothing while the server is restarted in the middle, and two batches at most when both are',
  { skip, timeout: 400_000 },
  async (t) => {
    const house = await startSenderHouse(t);
    const recipe = await house.follow('rsyslog');
    const rsyslog = createRsyslog(house.directory, recipe.text('60-sallyport.conf'));
    t.after(() => rsyslog.stop());
    await rsyslog.start();
    await rsyslog.say('billing', 0, 400);
    await house.received('billing says', 1);
    const stopped = house.server.stop();
    // Said while the server goes down, and while it is away.
    for (let burst = 0; burst < 8; burst += 1) await rsyslog.say('billing', 400 + burst * 100, 100);
    await stopped;
    await rsyslog.say('billing', 1200, 200);
    await house.server.start();
    await rsyslog.say('billing', 1400, 200);
    assertLines(await house.received('billing says', 1600), { program: 'billing', count: 1600, mostTwice: 8 });

    await house.server.stop();
    await rsyslog.say('shipping', 0, 300);
    await rsyslog.stop();
    await rsyslog.start();
    await house.server.start();
    await rsyslog.say('shipping', 300, 100);
    // What it held in its hands when it was stopped, two batches at most, rsyslog forgets.
    const shipped = await house.settled('shipping says', 400 - 16);
    assertLines(shipped, { program: 'shipping', count: 400, mostTwice: 16, mostLost: 16 });
  },
);

test('rsyslog over TCP: every line once, from its host, at its time', { skip, timeout: 400_000 }, async (t) => {
  const house = await startSenderHouse(t);
  const recipe = await house.follow('rsyslog-tcp');
  const rsyslog = createRsyslog(house.directory, recipe.text('60-sallyport.conf'));
  t.after(() => rsyslog.stop());
  await rsyslog.start();
  await rsyslog.say('shop', 0, 500);
  assertLines(await house.received('shop says', 500), { program: 'shop', count: 500 });
  const journald = await house.follow('journald');
  assert.equal(await checkRsyslog(house.directory, journald.text('60-sallyport.conf')), '');
  assert.match(await checkRsyslog(house.directory, 'action(type="omfwd" tarrget="x")'), /tarrget/);
});

test(
  'with certificates asked for, rsyslog’s own one names the source; one of a stranger gets nothing in and is told of',
  { skip, timeout: 400_000 },
  async (t) => {
    const house = await startSenderHouse(t);
    const senders = createTestAuthority('Senders');
    await house.setListeners({ client_ca_pem: senders.certificatePem });
    const recipe = await house.follow('rsyslog-certificate');
    const known = senders.issue({ commonName: 'web-1', dnsName: 'web-1.example' });
    const strange = createTestAuthority('Senders').issue({ commonName: 'web-1', dnsName: 'web-1.example' });
    const start = async (name: string, { cert, key }: typeof known): Promise<ReturnType<typeof createRsyslog>> => {
      const directory = `${house.directory}/${name}`;
      writeTo(`${directory}/ssl/sallyport-sender.pem`, cert);
      writeTo(`${directory}/ssl/sallyport-sender.key`, key);
      const configuration = recipe.text('60-sallyport.conf').replaceAll(`${house.directory}/ssl/`, `${directory}/ssl/`);
      const rsyslog = createRsyslog(directory, configuration);
      t.after(() => rsyslog.stop());
      await rsyslog.start();
      await rsyslog.say(name, 0, 50);
      return rsyslog;
    };
    await start('stranger', strange);
    await start('friend', known);
    assertLines(await house.received('friend says', 50), { program: 'friend', count: 50 });
    const sources = await house.server.ask({ path: '/v1/sources' });
    assert.match(sources.text, /"key_id":"syslog-tls","name":"web-1\.example"/);
    await eventually({
      what: 'the stranger was refused',
      timeoutMs: 60_000,
      look: async () => {
        const { text } = await house.server.ask({ path: '/v1/settings/listeners' });
        const { refused_by: refusedBy }: { refused_by: { certificate: number } } = JSON.parse(text);
        return refusedBy.certificate > 0 ? true : undefined;
      },
    });
    assert.deepEqual(
      (await searchEverything(house.server)).filter(({ event }) => event?.raw_data?.includes('stranger says')),
      [],
    );
    // What was not told within the minute is told when the server stops.
    await house.server.stop();
    await house.server.start();
    const told = await eventually({
      what: 'the ledger tells of it',
      timeoutMs: 60_000,
      look: async () => (await searchEverything(house.server, 'metadata.event_code:listeners.refuse')).at(0),
    });
    assert.match(JSON.stringify(told.event?.unmapped), /"refused":\{"certificate":\d+\}.*CN=web-1/);
  },
);
