import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Client } from '@sallyport/platform/http';
import { freePort } from '@sallyport/testing/free-port';
import { startMailServer, type MailServer } from '@sallyport/testing/mail-server';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import fc from 'fast-check';
import { sql } from 'kysely';
import { defaultRequirement, type RoleRequirement } from '../admission/requirements.ts';
import {
  actionsOf,
  begunOf,
  elsewhere,
  goodPassword,
  moveIn,
  moveInAdministrator,
  openHouse,
  operator,
  signInWithApp,
  type House,
  type Inhabitant,
} from '../people/people.fixture.ts';
import { codeMessage, isAddress } from './code-message.ts';
import { createEmailSender, createSmsSender } from './senders.ts';

const weakGuards: RoleRequirement = {
  ...defaultRequirement('guard'),
  factors: ['passkey', 'certificate', 'totp', 'provider', 'code'],
};
const stranger: Client = { ...elsewhere, address: '203.0.113.77' };

async function mailHouse(
  t: TestContext,
  house: House,
): Promise<{ readonly mail: MailServer; readonly guy: Inhabitant; codeSent(): string }> {
  const mail = await startMailServer({ port: await freePort() });
  t.after(() => mail.close());
  const ada = await moveInAdministrator(house);
  const guy = await moveIn(house, 'Guy', ['guard']);
  await house.organization.rename({ organization: 'Acme', by: operator });
  await house.signInRules.change({ rules: [weakGuards], endSessions: false, by: ada.begun.principal });
  const settings = { host: '127.0.0.1', port: mail.port, tls: 'none', from: 'gate@acme.example' } as const;
  await house.codeSenders.change({ to: { kind: 'email', enabled: true, settings }, by: operator });
  const codeSent = (): string =>
    /(\d{4}) (\d{4})/
      .exec(mail.messages.at(-1)?.text ?? '')
      ?.slice(1)
      .join('') ?? '';
  const by = guy.begun.principal;
  const { id } = await house.ownAddresses.add({ by, kind: 'email', address: 'guy@example.org' });
  await assert.rejects(house.ownAddresses.confirm({ by, id, code: '00000000' }), { code: 'proof_refused' });
  await house.ownAddresses.confirm({ by, id, code: codeSent() });
  house.clock.advance(60_000);
  return { mail, guy, codeSent };
}

forEachDatabase((name, open) => {
  test(`${name}: a code by e-mail lets in whom their roles let, once, marked weak, and proves nothing`, async (t) => {
    const house = await openHouse(open);
    const { mail, codeSent } = await mailHouse(t, house);
    const step = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: elsewhere });
    assert.ok('ticket' in step);
    assert.deepEqual(step.methods, ['totp', 'code', 'recovery']);
    const { ticket } = step;
    assert.deepEqual(await house.signIn.sendCode({ ticket, client: elsewhere }), {
      kind: 'email',
      sentTo: 'g…@example.org',
    });
    const { text = '', to } = mail.messages.at(-1) ?? {};
    assert.deepEqual(to, ['guy@example.org']);
    assert.match(text, /Acme/);
    assert.match(text, /somebody knows your password/);
    const code = codeSent();
    house.clock.advance(9 * 60_000);
    const other = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: elsewhere });
    assert.ok('ticket' in other);
    const wrong = { code: 'code_wrong' };
    // Bound to the ticket it was asked from.
    await assert.rejects(house.signIn.withCode({ kind: 'code', ticket: other.ticket, code, client: elsewhere }), wrong);
    const raced = await Promise.allSettled(
      [elsewhere, stranger].map((client) => house.signIn.withCode({ kind: 'code', ticket, code, client })),
    );
    assert.deepEqual(raced.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const entered = raced.find((one) => one.status === 'fulfilled');
    assert.ok(entered?.status === 'fulfilled');
    const { session, principal } = begunOf(entered.value);
    assert.deepEqual([session.methods, session.assurance], [['password', 'code'], 1]);
    assert.deepEqual([principal.weakFactor, principal.authenticatedAtMs], [true, 0]);
    assert.ok(principal.scopes.includes('alerts:read'), 'the policies let them do what needs no proof');
    // At rest: neither the code nor the address stands there.
    const stored = await sql`select * from identity_code_addresses`.execute(house.database);
    assert.ok(!JSON.stringify(stored.rows).includes('example.org'));
  });

  test(`${name}: five wrong tries or ten minutes end a code; whoever has only the password neither floods nor blocks`, async (t) => {
    const house = await openHouse(open);
    const { mail, guy, codeSent } = await mailHouse(t, house);
    const ticketOf = async (client: Client): Promise<string> => {
      const step = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client });
      assert.ok('ticket' in step);
      return step.ticket;
    };
    await signInWithApp(house, guy, elsewhere);
    const first = await ticketOf(stranger);
    await house.signIn.sendCode({ ticket: first, client: stranger });
    const right = codeSent();
    for (let tries = 0; tries < 5; tries += 1)
      await assert.rejects(house.signIn.withCode({ kind: 'code', ticket: first, code: '12345678', client: stranger }));
    await assert.rejects(house.signIn.withCode({ kind: 'code', ticket: first, code: right, client: stranger }), {
      code: 'ticket_invalid',
    });
    const before = mail.messages.length;
    let refusals = 0;
    for (let tries = 0; tries < 12; tries += 1) {
      house.clock.advance(35_000);
      const ticket = await ticketOf({ ...stranger, address: `198.51.100.${tries}` });
      await house.signIn.sendCode({ ticket, client: stranger }).catch((error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'code_too_many');
        refusals += 1;
      });
    }
    assert.deepEqual([mail.messages.length - before, refusals], [4, 8]);
    // The owner, from where they were let in before, still gets one.
    const own = await ticketOf(elsewhere);
    await house.signIn.sendCode({ ticket: own, client: elsewhere });
    const late = codeSent();
    house.clock.advance(10 * 60_000);
    await assert.rejects(house.signIn.withCode({ kind: 'code', ticket: own, code: late, client: elsewhere }));
  });

  test(`${name}: administrators are never offered one, and none is sent while it is off or the ticket is wrong`, async (t) => {
    const house = await openHouse(open);
    const { mail, guy } = await mailHouse(t, house);
    await house.people.change({ id: guy.id, roles: ['guard', 'admin'], by: operator });
    const step = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: elsewhere });
    assert.ok('ticket' in step);
    assert.deepEqual(step.methods, ['totp', 'recovery']);
    const unavailable = { code: 'code_unavailable' };
    await assert.rejects(house.signIn.sendCode({ ticket: step.ticket, client: elsewhere }), unavailable);
    await assert.rejects(house.signIn.sendCode({ ticket: 'x', client: elsewhere }), { code: 'ticket_invalid' });
    const settings = { host: '127.0.0.1', port: mail.port, tls: 'none', from: 'gate@acme.example' } as const;
    await house.codeSenders.change({ to: { kind: 'email', enabled: false, settings }, by: operator });
    await house.people.change({ id: guy.id, roles: ['guard'], by: operator });
    await assert.rejects(house.signIn.sendCode({ ticket: step.ticket, client: elsewhere }), unavailable);
    // A reset takes the addresses away.
    await house.people.reset({ id: guy.id, by: operator });
    const left = await sql`select * from identity_code_addresses`.execute(house.database);
    assert.equal(left.rows.length, 0);
    assert.ok(actionsOf(house.events).includes('user.factor'));
  });
});

test('mail goes out under TLS alone, to a server whose certificate verifies, and says why it does not', async (t) => {
  const authority = createTestAuthority();
  const tls = authority.issue({ commonName: 'localhost', dnsName: 'localhost', use: 'serverAuth' });
  const account = { user: 'gate', password: 'a secret' };
  const mail = await startMailServer({ port: await freePort(), tls, account });
  const stripped = await startMailServer({ port: await freePort(), tls, account, stripsTls: true });
  t.after(() => Promise.all([mail.close(), stripped.close()]));
  const base = { host: 'localhost', port: mail.port, tls: 'starttls', from: 'gate@acme.example', ...account } as const;
  const message = { to: 'ada@example.org', subject: 'Über', text: 'Hello\n.\nthere' };
  const signal = AbortSignal.timeout(20_000);
  await createEmailSender({ ...base, authority: authority.certificatePem }).send(message, signal);
  assert.deepEqual(
    mail.messages.map(({ from, to, user, isEncrypted }) => [from, to, user, isEncrypted]),
    [['gate@acme.example', ['ada@example.org'], 'gate', true]],
  );
  const notSent = { code: 'code_not_sent' };
  await assert.rejects(createEmailSender(base).send(message, signal), notSent, 'an authority nobody knows');
  const trusting = { ...base, authority: authority.certificatePem };
  await assert.rejects(createEmailSender({ ...trusting, port: stripped.port }).send(message, signal), notSent);
  await assert.rejects(createEmailSender({ ...trusting, password: 'wrong' }).send(message, signal), notSent);
  await assert.rejects(createEmailSender(trusting).send({ ...message, to: 'nobody@example.org' }, signal), notSent);
  assert.deepEqual([mail.messages.length, stripped.messages.length], [1, 0]);
  assert.deepEqual([mail.inClear.count, stripped.inClear.count], [0, 0], 'no password and no address in the clear');
  assert.throws(() => createEmailSender({ ...base, host: 'mail.example.org', tls: 'none' }), {
    code: 'code_settings_invalid',
  });
});

test('a mail server that goes on talking is left when it is given up, whatever it is in the middle of', async (t) => {
  for (const drips of ['220-more\r\n', '250-more\r\n']) {
    const held: Socket[] = [];
    const left = Promise.withResolvers<void>();
    const talking = Promise.withResolvers<void>();
    const server = createTcpServer((socket) => {
      held.push(socket);
      socket.on('error', () => undefined);
      socket.once('close', left.resolve);
      if (drips.startsWith('250')) socket.write('220 mail.test\r\n');
      // Never silent for as long as a time limit on silence.
      const drip = setInterval(() => socket.write(drips), 5);
      socket.once('close', () => clearInterval(drip));
      if (drips.startsWith('220')) talking.resolve();
      else socket.once('data', () => talking.resolve());
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    t.after(() => server.close());
    const giveUp = new AbortController();
    const settings = { host: '127.0.0.1', port, tls: 'none', from: 'gate@acme.example' } as const;
    const sent = createEmailSender(settings).send(
      { to: 'ada@example.org', subject: 'Hi', text: 'Hello' },
      giveUp.signal,
    );
    const refused = assert.rejects(sent, { code: 'code_not_sent' });
    await talking.promise;
    giveUp.abort();
    await refused;
    await left.promise;
    assert.equal(held.length, 1);
  }
});

test('SMS goes to the gateway with its token, follows no redirect, and nothing goes in the clear', async (t) => {
  const asked: unknown[] = [];
  const gateway = createServer((request, response) => {
    let text = '';
    request.on('data', (bytes: Buffer) => (text += bytes.toString()));
    request.on('end', () => {
      asked.push([request.url, request.headers.authorization, JSON.parse(text)]);
      response.writeHead(request.url === '/moved' ? 302 : 202, { location: '/sms' }).end('{}');
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => gateway.listen(port, '127.0.0.1', resolve));
  t.after(() => gateway.close());
  const message = codeMessage({ to: '+41791234567', code: '12345678', organization: 'Acme', purpose: 'sign-in' });
  const signal = AbortSignal.timeout(20_000);
  await createSmsSender({ url: `http://127.0.0.1:${port}/sms`, token: 'abc' }).send(message, signal);
  assert.deepEqual(asked, [['/sms', 'Bearer abc', { to: '+41791234567', text: message.text }]]);
  await assert.rejects(createSmsSender({ url: `http://127.0.0.1:${port}/moved` }).send(message, signal), {
    code: 'code_not_sent',
  });
  assert.equal(asked.length, 2);
  for (const url of ['http://sms.example.org/', 'ftp://127.0.0.1/', 'https://a:b@sms.example.org/', 'sms'])
    assert.throws(() => createSmsSender({ url }), { code: 'code_settings_invalid' }, url);
});

test('an address is one address: no line end, no list and no comment gets through', () => {
  for (const good of ['ada@example.org', "o'neil+x@a.b-c.example"]) assert.ok(isAddress('email', good), good);
  for (const bad of ['a@b\r\nBcc: c@d', 'a@b,c@d', 'a b@c', '<a@b>', 'a@', '@b', 'a@b c', 'a@b\n'])
    assert.ok(!isAddress('email', bad), bad);
  for (const bad of ['0791234567', '+4179 123', '+41791234567\n', '+0123456789'])
    assert.ok(!isAddress('sms', bad), bad);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (isAddress('email', text) || isAddress('sms', text)) assert.match(text, /^[\x21-\x7e]+$/);
    }),
  );
});
