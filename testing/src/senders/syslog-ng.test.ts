// syslog-ng from Debian with the recipes as they are handed out.
import { test } from 'node:test';
import { missingPrograms } from '../debian-programs.ts';
import { startSenderHouse } from './sender-house.ts';
import { assertLines, createSyslogNg } from './syslog-daemon.ts';

const skip = missingPrograms('syslog-ng');

test(
  'syslog-ng over TLS loses nothing while the server is restarted in the middle',
  { skip, timeout: 400_000 },
  async (t) => {
    const house = await startSenderHouse(t);
    const recipe = await house.follow('syslog-ng');
    const syslogNg = createSyslogNg(house.directory, recipe.text('sallyport.conf'));
    t.after(() => syslogNg.stop());
    await syslogNg.start();
    await syslogNg.say('billing', 0, 400);
    await house.received('billing says', 400);
    await house.server.stop();
    await syslogNg.say('billing', 400, 400);
    await house.server.start();
    await syslogNg.say('billing', 800, 200);
    assertLines(await house.received('billing says', 1000), { program: 'billing', count: 1000 });
  },
);

test('syslog-ng over TCP: every line once, from its host, at its time', { skip, timeout: 400_000 }, async (t) => {
  const house = await startSenderHouse(t);
  const recipe = await house.follow('syslog-ng-tcp');
  const syslogNg = createSyslogNg(house.directory, recipe.text('sallyport.conf'));
  t.after(() => syslogNg.stop());
  await syslogNg.start();
  await syslogNg.say('shop', 0, 500);
  assertLines(await house.received('shop says', 500), { program: 'shop', count: 500 });
});
