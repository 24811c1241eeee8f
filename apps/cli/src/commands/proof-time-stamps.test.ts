import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkpointOfEvidence, verifyEvidence } from '@sallyport/ledger/evidence';
import { createTimeStampRequest, readTimeStampAnswer } from '@sallyport/ledger/time-stamp';
import { parseNote } from '@sallyport/merkle-log';
import { startStampingAuthority } from '@sallyport/testing/time-stamp-authority';
import { buildEvidence } from '../testing/build-evidence.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-stamped-'));
const [authority, stranger] = [await startStampingAuthority(), await startStampingAuthority()];
after(async () => {
  await Promise.all([authority.close(), stranger.close()]);
  await rm(directory, { recursive: true });
});
const { text, verifierKey } = buildEvidence('{"class_uid":1007,"raw_data":"text"}');
const stamped = parseNote(checkpointOfEvidence(text)).text;

async function tokenOver(data: string): Promise<Buffer> {
  const answer = readTimeStampAnswer(
    await authority.reply(createTimeStampRequest(Buffer.from(data), randomBytes).request),
  );
  assert.ok(answer.ok);
  return answer.token;
}
async function save(name: string, content: string): Promise<string> {
  await writeFile(join(directory, name), content);
  return join(directory, name);
}
const withStamp = (token: Uint8Array): string =>
  text.replace('\nleaf ', `\ntimestamp ${Buffer.from(token).toString('base64')}\nleaf `);
const token = await tokenOver(stamped);
const file = await save('stamped', withStamp(token));
const root = await save('root.pem', authority.rootPem);
const verify = (path: string, ...more: readonly string[]) =>
  run(['proof', 'verify', path, '--key', verifierKey, ...more]);

test('a proof says when its checkpoint existed, and by whose word', async () => {
  const result = verifyEvidence(withStamp(token), { verifierKey });
  assert.ok(result.ok);
  assert.equal(result.stamped, stamped);
  const given = await verify(file, '--tsa-root', root);
  assert.equal(given.exitCode, 0, given.stderr);
  assert.match(
    given.stdout,
    /^ {2}existed by 20.*Z, by the clock of Stamp signer: under Stamp root, a root you gave$/m,
  );
  assert.match(given.stdout, /^Dated: /m);
  const alone = await verify(file);
  assert.match(alone.stdout, /by the clock of Stamp signer: nobody you named vouches for it$/m);
  assert.doesNotMatch(alone.stdout, /^Dated/m);
  const { stdout } = await verify(file, '--tsa-root', root, '--json');
  assert.equal(JSON.parse(stdout).time_stamps[0].root_given, true);
});

test('a time-stamp of somebody else, about something else, changed or missing does not pass', async () => {
  const other = await save('other.pem', stranger.rootPem);
  const unknown = await verify(file, '--tsa-root', other);
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stderr, /no time-stamp in it is of an authority you trust/);
  const elsewhere = await verify(await save('elsewhere', withStamp(await tokenOver('another checkpoint\n'))));
  assert.match(elsewhere.stderr, /its time-stamp does not hold: it is about something else/);
  const changed = Buffer.from(token);
  changed[changed.length - 5] = (changed.at(-5) ?? 0) ^ 1;
  assert.match((await verify(await save('changed', withStamp(changed)))).stderr, /its signature is wrong/);
  const none = await verify(await save('none', text), '--tsa-root', root);
  assert.match(none.stderr, /no time-stamp stands in it/);
  assert.equal((await verify(file, '--tsa-root', file)).exitCode, 2);
});

test('lines of time-stamps are written one way, and no more than four', () => {
  const many = Array.from({ length: 5 }, () => token);
  const line = `timestamp ${token.toString('base64')}\n`;
  const put = (lines: string): string => text.replace('\nleaf ', `\n${lines}leaf `);
  assert.equal(verifyEvidence(put(line.repeat(4)), { verifierKey }).ok, true);
  for (const bad of [line.repeat(many.length), 'timestamp \n', 'timestamp !!\n', line.replace('\n', ' x\n')])
    assert.equal(verifyEvidence(put(bad), { verifierKey }).ok, false, bad.slice(0, 40));
});
