import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { formatToken } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import fc from 'fast-check';
import { startLedger, temporaryDirectory, testStartMs } from '../ledger-testing.ts';
import type { EvidenceOpening } from '../evidence-openings.ts';
import { exportRange, rangeLimits } from './export-range.ts';
import type { RangeRequest } from './export-range.ts';
import { formatRangeEntry, formatRangeHead, parseRangeEntry, parseRangeHead } from './range-format.ts';
import type { RangeEntry, RangeHead } from './range-format.ts';
import { sourceIdOf } from './source-opening.ts';
import { stateRange } from './state-range.ts';
import { verifyRangeText } from './verify-range.ts';
import type { RangeEvent, VerifiedRange } from './verify-range.ts';

const minuteMs = 60_000;
const wholeRange: RangeRequest = {
  log: 1,
  bounds: { kind: 'times', fromMs: undefined, toMs: undefined },
  sources: [],
  classes: [],
  nameOthers: false,
  witnessed: false,
  bodies: 'all',
  query: undefined,
  mayReadAudit: true,
  limits: rangeLimits,
};

/** Three sources over three hundred minutes; a block a minute, tiles that fill. */
async function recorded(context: TestContext) {
  const clock = createManualClock(testStartMs);
  const { client } = startLedger(context, temporaryDirectory(context), clock);
  await client.ready();
  for (let minute = 0; minute < 120; minute += 1) {
    clock.advance(minuteMs);
    const heard = minute % 3 === 0 ? ['intake/web-1', 'intake/web-2', 'audit'] : ['intake/web-1'];
    await Promise.all(
      heard.map((collector) =>
        client.append({
          collector,
          priority: 'control',
          entries: [0, 1].map((order) => ({
            classUid: order === 0 ? 1007 : 3002,
            sequence: minute * 2 + order,
            body: Buffer.from(JSON.stringify({ from: collector, minute, order, raw_data: 'x' })),
          })),
        }),
      ),
    );
  }
  const exported = async (changes: Partial<RangeRequest>): Promise<string> => {
    const file = await exportRange(
      {
        ...client,
        knownSources: async () => ['audit', 'intake/web-1', 'intake/web-2', 'intake/never-seen'],
      },
      { ...wholeRange, ...changes },
    );
    let text = '';
    for await (const part of file.parts()) text += part;
    return text;
  };
  return { client, exported, key: await client.verifierKey(1) };
}

function verified(text: string, verifierKey: string): { range: VerifiedRange; events: RangeEvent[] } {
  const events: RangeEvent[] = [];
  const range = verifyRangeText(text, { verifierKey, onEvent: (event) => events.push(event) });
  assert.ok(range.ok, range.ok ? '' : range.reason);
  return { range, events };
}

const hour = (from: number, to: number): Partial<RangeRequest> => ({
  bounds: {
    kind: 'times',
    fromMs: testStartMs + from * 60 * minuteMs,
    toMs: testStartMs + to * 60 * minuteMs,
  },
});

test('all events of a time, of some sources, of some classes, or at some positions, and no other, are in the file', async (context) => {
  const { client, exported, key } = await recorded(context);
  const everything = verified(await exported({}), key);
  const total = await client.countEvents(1, 0, client.head().index);
  assert.equal(everything.range.counts.shown, total);
  assert.equal(everything.range.to, client.head().index);
  for (const [bounds, minutes] of [
    [hour(0.5, 1), [30, 59]],
    [hour(0, 0.1), [0, 5]],
    [hour(1.9, 9), [114, 120]],
  ] as const) {
    const { events, range } = verified(await exported({ ...bounds, sources: ['intake/web-2'], classes: [1007] }), key);
    const expected = Array.from({ length: 120 }, (_, minute) => minute).filter(
      (minute) => minute % 3 === 0 && minute + 1 >= minutes[0] && minute + 1 <= minutes[1],
    );
    assert.deepEqual(
      events.map(({ body }): unknown => JSON.parse(Buffer.from(body).toString()).minute),
      expected,
    );
    assert.ok(events.every(({ source }) => source === 'intake/web-2'));
    assert.equal(range.counts.unnamedSources, 2);
    assert.ok(stateRange(range).notProven.some((line) => line.includes('under a second id')));
  }
  const some = verified(await exported({ bounds: { kind: 'positions', from: 100, to: 130 } }), key);
  assert.ok(some.events.every(({ index }) => index >= 100 && index < 130));
  assert.equal(some.events.length, await client.countEvents(1, 100, 130));
  const named = verified(await exported({ ...hour(0, 1), sources: ['intake/web-2'], nameOthers: true }), key);
  assert.deepEqual(
    named.range.claim.named.map(({ name }) => name),
    ['audit', 'intake/web-1'],
  );
  assert.equal(named.range.counts.unnamedSources, 0);
});

test('what fits a query is marked; what was left out, withheld or erased is counted and said', async (context) => {
  const { exported, key } = await recorded(context);
  const query = { text: 'minute:3', matches: async () => new Set([0, 1, 4]) };
  const all = verified(await exported({ query }), key);
  assert.equal(all.range.counts.matching, 3);
  assert.equal(all.range.counts.unmatched, 0);
  const matches = verified(await exported({ query, bodies: 'matches' }), key);
  assert.equal(matches.events.length, 3);
  assert.equal(matches.range.counts.unmatched, all.range.counts.shown - 3);
  assert.ok(stateRange(matches.range).notProven.some((line) => line.includes('the server said so')));
});

test('a range that is too large, empty or past the end is refused with a code before the first line', async (context) => {
  const { client, exported } = await recorded(context);
  const past = client.head().index;
  const codes: readonly (readonly [Partial<RangeRequest>, string])[] = [
    [{ limits: { maxEntries: 100, maxContentBytes: 1e9 } }, 'evidence_too_large'],
    [{ limits: { maxEntries: 1e6, maxContentBytes: 100 } }, 'evidence_too_large'],
    [{ bounds: { kind: 'positions', from: 5, to: 5 } }, 'not_found'],
    [{ bounds: { kind: 'positions', from: 5, to: past + 1 } }, 'not_found'],
    [{ witnessed: true }, 'not_found'],
  ];
  for (const [changes, code] of codes) await assert.rejects(exported(changes), { code });
});

test('an attacker who leaves out, doubles, swaps, moves or changes an entry, or claims more or less, is found out', async (context) => {
  const { client, exported, key } = await recorded(context);
  const text = await exported({ ...hour(0.5, 1), sources: ['intake/web-1'] });
  verified(text, key);
  const blank = text.indexOf('\n\n') + 2;
  const head = parseRangeHead(text.slice(0, blank));
  const lines = text.slice(blank).trimEnd().split('\n').slice(0, -1);
  const entries = lines.map(parseRangeEntry);
  const written = (changed: RangeHead, list: readonly RangeEntry[]): string =>
    `${formatRangeHead(changed)}${list.map((one) => `${formatRangeEntry(one)}\n`).join('')}end\n`;
  assert.equal(written(head, entries), text);
  const at = entries.findIndex(({ kind }) => kind === 'content');
  const victim = entries[at];
  assert.ok(victim !== undefined && 'body' in victim);
  const { leaf } = victim;
  const with1 = (change: RangeEntry): RangeEntry[] => entries.with(at, change);
  const claiming = (claim: Partial<RangeHead['claim']>): RangeHead => ({ ...head, claim: { ...head.claim, ...claim } });
  const later = await exported({ ...hour(1, 1.5), sources: ['intake/web-1'] });
  const laterHead = parseRangeHead(later.slice(0, later.indexOf('\n\n') + 2));
  await client.append({
    collector: 'intake/web-1',
    priority: 'control',
    entries: [{ classUid: 1, sequence: 9999, body: Buffer.from('{"raw_data":""}') }],
  });
  const grown = await exported(hour(0.5, 1));
  const grownHead = parseRangeHead(grown.slice(0, grown.indexOf('\n\n') + 2));
  const web2 = (await client.ranges.sources(['intake/web-2']))[0];
  const [web1] = head.claim.sources;
  assert.ok(web1 !== undefined && web2 !== undefined);
  const attacks: Readonly<Record<string, string>> = {
    'one entry left out': written(head, entries.toSpliced(at, 1)),
    'one entry left out, the range made to fit': written({ ...head, to: head.to - 1 }, entries.toSpliced(at, 1)),
    'the last block left out': written(
      { ...head, to: head.to - 3, claim: { ...head.claim, between: { from: head.from, to: head.to - 3 } } },
      entries.slice(0, -3),
    ),
    'one entry twice': written(head, entries.toSpliced(at, 0, victim)),
    'two swapped': written(head, entries.with(at, entries[at + 1] ?? victim).with(at + 1, victim)),
    'a changed body': written(head, with1({ ...victim, body: Buffer.from('{"minute":"never"}') })),
    'a changed salt': written(head, with1({ ...victim, salt: Buffer.alloc(32) })),
    'an event passed over': written(head, with1({ kind: 'other', leaf })),
    'an event passed off as not fitting': written(head, with1({ kind: 'unmatched', leaf })),
    'an event passed off as a block': written(head, with1({ kind: 'block', leaf })),
    'another range': written({ ...head, from: laterHead.from, to: laterHead.to, left: laterHead.left }, entries),
    'another range with its claim': written(laterHead, entries),
    'another checkpoint': written({ ...head, checkpoint: grownHead.checkpoint }, entries),
    'another proof': written({ ...head, proof: grownHead.proof }, entries),
    'a longer time than is covered': written(claiming({ time: { ...head.claim.time, fromMs: testStartMs } }), entries),
    'a time without end': written(claiming({ time: { ...head.claim.time, toMs: undefined } }), entries),
    'another source': written(claiming({ sources: [web2] }), entries),
    'all sources': written(claiming({ sources: [] }), entries),
    'a claimed source under the id of another': written(
      claiming({ sources: [{ ...web1, name: 'intake/web-2' }] }),
      entries,
    ),
    'a second id of a claimed source': written(
      claiming({ named: [{ name: 'intake/web-1', id: web2.id, opening: undefined }] }),
      entries,
    ),
    'an id given twice': written(claiming({ named: [{ ...web1, name: 'x', opening: undefined }] }), entries),
    'an opening that holds the beginning of another name': written(
      claiming({
        sources: [
          {
            id: sourceIdOf('a\nsallyport-source@v1\nb', Buffer.alloc(32)),
            opening: Buffer.concat([Buffer.alloc(32), Buffer.from('sallyport-source@v1\na\n')]),
            name: 'b',
          },
        ],
      }),
      entries.map((one) => (one.kind === 'block' ? one : { kind: 'other', leaf: one.leaf })),
    ),
    'more classes': written(claiming({ classes: [3002] }), entries),
    'positions outside of the range': written(claiming({ between: { from: 0, to: head.to } }), entries),
    'cut short': text.slice(0, -4),
    'gone on with': `${text}end\n`,
    'another log': text.replaceAll(head.verifierKey, `x${head.verifierKey}`),
  };
  for (const [what, file] of Object.entries(attacks)) {
    assert.notEqual(file, text, what);
    const result = verifyRangeText(file, { verifierKey: key });
    assert.equal(result.ok, false, what);
  }
  // "erased" cannot be told from the file: it is counted, and shows.
  const hidden = verifyRangeText(written(head, with1({ kind: 'erased', leaf })), { verifierKey: key });
  assert.ok(hidden.ok && hidden.counts.erased === 1 && stateRange(hidden).notProven[0]?.includes('erased'));
});

test('any changed byte of a file is noticed, and arbitrary text is answered with a reason', async (context) => {
  const { exported, key } = await recorded(context);
  const text = await exported({ ...hour(0.9, 1), sources: ['intake/web-1'], nameOthers: true });
  verified(text, key);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (at, change) => {
      const changed = String.fromCharCode(text.charCodeAt(at) ^ change);
      const file = text.slice(0, at) + changed + text.slice(at + 1);
      const result = verifyRangeText(file, { verifierKey: key });
      // The kind of an entry without content is the exporter's word, and counted as such.
      const isWord = result.ok && result.counts.erased + result.counts.withheld > 0;
      return !result.ok || isWord;
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((rest) => `sallyport-range-evidence@v1\nkey ${rest}\n\n`),
      ),
      (file) => !verifyRangeText(file).ok,
    ),
  );
});

test('sealed texts of a range are shown by their openings and checked; without one they read [sealed]', async (context) => {
  const clock = createManualClock(testStartMs);
  const { client } = startLedger(context, temporaryDirectory(context), clock);
  await client.ready();
  const salt = Buffer.alloc(16, 3);
  const plain = Buffer.from('"ada"');
  const commitment = hash('sha256', Buffer.concat([salt, plain]), 'buffer');
  const token = formatToken({ holds: 'literal', keyIds: ['ab'.repeat(16)], commitment, sealed: Buffer.alloc(50) });
  const bodies = [`\t{"name":${token}}`, '{"name":"eve"}'];
  const entries = bodies.map((body, sequence) => ({ classUid: 1007, sequence, body: Buffer.from(body) }));
  await client.append({ collector: 'intake/web-1', priority: 'intake', entries });
  const key = await client.verifierKey(1);
  const shownWith = async (opening: EvidenceOpening | undefined): Promise<string> => {
    const needs = { ...client, knownSources: async () => [], openings: async () => [opening] };
    let text = '';
    for await (const part of (await exportRange(needs, wholeRange)).parts()) text += part;
    return text;
  };
  const namesIn = (text: string): string[] =>
    verified(text, key).events.map(({ body }) => Buffer.from(body).toString('utf8'));
  assert.deepEqual(namesIn(await shownWith({ salt, plain })), ['{"name":"ada"}', '{"name":"eve"}']);
  assert.deepEqual(namesIn(await shownWith(undefined)), ['{"name":"[sealed]"}', '{"name":"eve"}']);
  const forged = verifyRangeText(await shownWith({ salt, plain: Buffer.from('"eve"') }), { verifierKey: key });
  assert.equal(forged.ok ? '' : forged.check, 'entry');
});
