import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { freePort } from '@sallyport/testing/free-port';
import { startMailServer } from '@sallyport/testing/mail-server';
import { actionsOf, moveIn, moveInAdministrator, openHouse, operator } from '../people/people.fixture.ts';

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a message about their account goes to the address somebody confirmed, once, a few an hour, and is recorded without it', async (t) => {
    const house = await openHouse(open);
    const mail = await startMailServer({ port: await freePort() });
    t.after(() => mail.close());
    await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const by = guy.begun.principal;
    const troubles: string[] = [];
    const post = async (key: string, userId = by.id): Promise<void> => {
      const text = (organization: string): string => `Hello from ${organization}`;
      house.notices.post({ userId, key, subject: 'Was this you?', text, onTrouble: (why) => void troubles.push(why) });
      await house.notices.settled();
    };
    const hello = { userId: by.id, subject: 'Hello', text: (organization: string): string => `From ${organization}` };
    await post('before there is a way');
    assert.deepEqual(await house.notices.deliver(hello), { kind: 'no-mail' });
    const settings = { host: '127.0.0.1', port: mail.port, tls: 'none', from: 'gate@acme.example' } as const;
    await house.codeSenders.change({ to: { kind: 'email', enabled: true, settings }, by: operator });
    await post('before there is an address');
    const { id } = await house.ownAddresses.add({ by, kind: 'email', address: 'guy@example.org' });
    await post('before it is confirmed');
    assert.deepEqual(await house.notices.deliver(hello), { kind: 'no-address' });
    assert.equal(mail.messages.length, 1, 'the code alone');
    const [, one = '', two = ''] = /(\d{4}) (\d{4})/.exec(mail.messages[0]?.text ?? '') ?? [];
    await house.ownAddresses.confirm({ by, id, code: one + two });

    for (const key of ['a', 'a', 'b', 'c', 'd']) await post(key);
    assert.deepEqual(
      mail.messages.slice(1).map(({ to, text }) => [to, text.split('\r\n').at(-1)]),
      Array.from({ length: 3 }, () => [['guy@example.org'], 'Hello from Sallyport']),
    );
    assert.equal(actionsOf(house.events).filter((action) => action === 'user.notice').length, 3);
    assert.ok(!JSON.stringify(house.events).includes('guy@example.org'));
    house.clock.advance(3_600_001);
    await post('e');
    assert.equal(mail.messages.length, 5);
    await house.codeSenders.change({ to: { kind: 'email', enabled: false, settings }, by: operator });
    await post('f');
    assert.deepEqual([mail.messages.length, troubles], [5, []]);
    await house.codeSenders.change({
      to: { kind: 'email', enabled: true, settings: { ...settings, port: await freePort() } },
      by: operator,
    });
    await post('g');
    assert.equal(troubles.length, 1, 'a post office that is shut holds nothing up');
    await assert.rejects(house.notices.deliver(hello), { code: 'code_not_sent' });
    await house.codeSenders.change({ to: { kind: 'email', enabled: true, settings }, by: operator });
    assert.equal(await house.notices.reach(by.id), 'ready');
    assert.deepEqual(await house.notices.deliver(hello), { kind: 'sent', to: 'g…@example.org' });
    assert.match(mail.messages.at(-1)?.text ?? '', /From Sallyport/);
    await assert.rejects(house.notices.deliver({ ...hello, signal: AbortSignal.abort() }), { code: 'code_not_sent' });
    assert.equal(mail.messages.length, 6);
  });
});
