import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultLimits } from './limits.ts';
import { measureJson } from './measure-json.ts';
import { createJsonSplitter } from './split-json.ts';
import { createLineSplitter } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

const limits = { ...defaultLimits, maxEventBytes: 64, keptBytesOfLongEvent: 16 };

function split(splitter: EventSplitter, body: Uint8Array, cuts: readonly number[]): string[] {
  const events: string[] = [];
  const marks = [0, ...cuts.map((cut) => cut % (body.length + 1)).toSorted((a, b) => a - b), body.length];
  const read = ({ bytes, whole }: { bytes: Uint8Array; whole?: { bytes: number; sha256: string } }): number =>
    events.push(
      `${Buffer.from(bytes).toString('latin1')}${whole === undefined ? '' : `…${whole.bytes} ${whole.sha256}`}`,
    );
  for (const [at, mark] of marks.entries())
    for (const event of splitter.push(body.slice(mark, marks[at + 1]))) read(event);
  for (const event of splitter.end()) read(event);
  return events;
}

const cuts = fc.array(fc.nat(400), { maxLength: 8 });
const shortJson = fc.oneof(
  fc.integer({ min: 0, max: 99 }),
  fc.string({ maxLength: 8 }),
  fc.constantFrom('"', '\\', '}{', '][', '\n'),
);
const objects = fc.array(
  fc.dictionary(fc.constantFrom('a', 'b', '}'), fc.oneof(shortJson, fc.array(shortJson, { maxLength: 1 })), {
    maxKeys: 2,
  }),
  { maxLength: 8 },
);

test('NDJSON splits the same wherever the chunks are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('{"a":1}', '', ' ', 'x'.repeat(65), 'é', '\r')), cuts, (lines, at) => {
      const body = Buffer.from(lines.join('\n'));
      const whole = split(createLineSplitter(limits), body, []);
      assert.deepEqual(split(createLineSplitter(limits), body, at), whole);
      assert.equal(whole.length, lines.filter((line) => line.trim() !== '').length);
    }),
  );
});

test('JSON bodies give their objects back, in any container and cut anywhere', () => {
  const wide = { ...limits, maxEventBytes: 4096 };
  const containers = fc.constantFrom(
    (texts: string[]) => ({ body: texts.join('\n'), beside: [] }),
    (texts: string[]) => ({ body: texts.join(''), beside: [] }),
    (texts: string[]) => ({ body: `\uFEFF[${texts.join(', ')}]`, beside: [] }),
    (texts: string[]) => ({ body: `{"Records":[${texts.join(',')}]}`, beside: [] }),
    (texts: string[]) => ({ body: `{"Records":[${texts.join(',')}],"x":[{}]}`, beside: [',"x":[{}]'] }),
  );
  fc.assert(
    fc.property(objects, containers, cuts, (records, contain, at) => {
      const texts = records.map((record) => JSON.stringify(record));
      const { body, beside } = contain(texts);
      assert.deepEqual(
        split(createJsonSplitter(wide), Buffer.from(body), at),
        [...texts, ...beside].map((text) => Buffer.from(text).toString('latin1')),
      );
    }),
  );
});

test('any bytes split without error, and no byte but separators is lost from a JSON body', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', ' ', '\n', '1', 'é')),
      cuts,
      (parts, at) => {
        const body = Buffer.from(parts.join(''));
        const whole = split(createJsonSplitter({ ...limits, maxEventBytes: 4096 }), body, []);
        assert.deepEqual(split(createJsonSplitter({ ...limits, maxEventBytes: 4096 }), body, at), whole);
        const kept = (text: string): string => text.replaceAll(/[\s,[\]]/g, '');
        assert.equal(kept(whole.join('')), kept(body.toString('latin1')));
      },
    ),
  );
});

test('measureJson() counts what JSON.parse finds', () => {
  const depthOf = (value: unknown): number =>
    typeof value !== 'object' || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(depthOf));
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(measureJson(Buffer.from(JSON.stringify(value))).depth, depthOf(value));
    }),
  );
  assert.equal(measureJson(Buffer.from('{"a":{"b:":"c:","d":[]}}')).fields, 3);
});
