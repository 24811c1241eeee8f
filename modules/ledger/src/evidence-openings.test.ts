import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { formatToken, parseJson, tokensOf } from '@sallyport/contracts';
import { openEvidence, verifyEvidence } from './evidence.ts';
import type { EvidenceOpening } from './evidence-openings.ts';
import { openLog } from './log.ts';
import { entry, logNeeds, temporaryDirectory, testStartMs } from './ledger-testing.ts';

const salt = randomBytes(16);

function token(plain: string): { readonly text: string; readonly opening: EvidenceOpening } {
  const commitment = hash('sha256', Buffer.concat([salt, Buffer.from(plain)]), 'buffer');
  const text = formatToken({ holds: 'literal', keyIds: ['ab'.repeat(16)], commitment, sealed: randomBytes(50) });
  return { text, opening: { salt, plain: Buffer.from(plain) } };
}

test('evidence shows sealed texts by their openings, [sealed] where there is none, and verifies either way', async (context) => {
  const log = openLog(logNeeds(temporaryDirectory(context)));
  context.after(() => log.close());
  const [name, message] = [token('"ada"'), token('"for ada"')];
  const body = `\t{"name":${name.text},"message":${message.text},"odd":"sealed1.="}`;
  log.append([entry('web', 1, body), entry('web', 2, '{"a":"sealed1.AAAA"}')], testStartMs);
  const plain = log.prove(0);
  const asIs = verifyEvidence(plain);
  assert.ok(asIs.ok);
  assert.deepEqual(asIs.event, { name: '[sealed]', message: '[sealed]', odd: '' });
  assert.equal(asIs.closed, 2);

  const opened = await openEvidence(plain, async (marked) => {
    assert.equal(tokensOf(marked).length, 2);
    return [name.opening, undefined];
  });
  const verified = verifyEvidence(opened);
  assert.ok(verified.ok);
  assert.deepEqual(verified.event, { name: 'ada', message: '[sealed]', odd: '' });
  assert.equal(verified.closed, 1);

  const other = { salt, plain: Buffer.from('"eve"') };
  for (const openings of [
    [other, undefined],
    [undefined, name.opening],
    [name.opening],
    [name.opening, undefined, undefined],
  ]) {
    const forged = await openEvidence(plain, async () => openings);
    const refused = verifyEvidence(forged);
    assert.equal(refused.ok ? '' : refused.check, 'event');
  }
  // What opens one text and one salt must not open another cut of both.
  const shifted = { salt: Buffer.concat([salt, Buffer.from('"')]), plain: Buffer.from('ada"') };
  assert.equal(verifyEvidence(await openEvidence(plain, async () => [shifted, undefined])).ok, false);

  const unmarked = log.prove(1);
  assert.equal(await openEvidence(unmarked, async () => [name.opening]), unmarked);
  const checked = verifyEvidence(unmarked);
  assert.deepEqual(checked.ok && checked.event, parseJson('{"a":"sealed1.AAAA"}'));
  assert.equal(verifyEvidence(unmarked.replace(/\nbody .*\n/u, (line) => `${line}opening -\n`)).ok, false);
});

test('every byte of an opened evidence file counts', async (context) => {
  const log = openLog(logNeeds(temporaryDirectory(context)));
  context.after(() => log.close());
  const name = token('"ada"');
  log.append([entry('web', 1, `\t{"name":${name.text}}`)], testStartMs);
  const file = Buffer.from(await openEvidence(log.prove(0), async () => [name.opening]));
  const from = file.indexOf('opening ');
  for (let at = from; at < from + 60; at += 1) {
    const changed = Buffer.from(file);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(verifyEvidence(changed).ok, false, `byte ${at}`);
  }
});
