import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultLimits } from './limits.ts';
import { createEntrySplitter } from './split-entries.ts';
import { createLineSplitter } from './split-lines.ts';

const limits = { ...defaultLimits, maxEventBytes: 4096, keptBytesOfLongEvent: 64 };

function entriesOf(text: string, cuts: readonly number[] = [], given = limits): string[] {
  const body = Buffer.from(text);
  const splitter = createEntrySplitter(given);
  const marks = [0, ...cuts.map((cut) => cut % (body.length + 1)).toSorted((a, b) => a - b), body.length];
  const entries: string[] = [];
  for (const [at, mark] of marks.entries())
    for (const { bytes } of splitter.push(body.subarray(mark, marks[at + 1])))
      entries.push(Buffer.from(bytes).toString());
  for (const { bytes } of splitter.end()) entries.push(Buffer.from(bytes).toString());
  return entries;
}

const java = `2026-11-22 07:00:01 ERROR [main] Order failed
java.lang.IllegalStateException: no stock
\tat shop.Orders.take(Orders.java:41)
\tat shop.Main.main(Main.java:7)
Caused by: java.io.IOException: gone
\tat shop.Stock.read(Stock.java:9)
\t... 2 more`;
const python = `ERROR:root:no answer
Traceback (most recent call last):
  File "/srv/a.py", line 3, in <module>
    ask()
KeyError: 'x'
During handling of the above exception, another exception occurred:
Traceback (most recent call last):
  File "/srv/a.py", line 5, in <module>
    tell()
    ^^^^^^
shop.errors.NotFound`;
const go = `panic: runtime error: index out of range [5] with length 3
goroutine 1 [running]:
main.(*Server).run(0xc000012345, 0x5)
\t/srv/main.go:12 +0x1d
main.main()
\t/srv/main.go:4 +0x20
exit status 2`;
const node = `Error: no such file
    at open (node:fs:1:2)
    at main (/srv/a.js:3:1) {
  errno: -2,
  code: 'ENOENT'
}`;

test('a stack trace is one event with the line that told of it, the lines around it are others', () => {
  const entries = ['first', java, python, go, node, 'last'];
  assert.deepEqual(entriesOf(entries.join('\n')), entries);
  assert.deepEqual(entriesOf(java.replaceAll('\n', '\r\n\r\n')), [java]);
});

test('an indented line cannot break a record that says all in its one line', () => {
  const records = [
    'CEF:0|Acme|Gate|1|100|Opened|5|src=192.0.2.1',
    '192.0.2.9 - - [22/Nov/2026:07:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"',
    '{"a":1}',
  ];
  for (const record of records)
    assert.deepEqual(entriesOf(`${record}\n  and more\n${record}`), [record, '  and more', record]);
  const syslog = '<13>1 2026-11-22T07:00:00Z host app 1 - - Failed';
  assert.deepEqual(entriesOf(`${syslog}\n  at a.b\n${syslog}`), [`${syslog}\n  at a.b`, syslog]);
});

test('an entry never grows over what an event may be, whatever follows', () => {
  const small = { ...limits, maxEventBytes: 100 };
  const entries = entriesOf(`begin\n${'  x y z\n'.repeat(1000)}${' '.repeat(500)}w`, [], small);
  assert.ok(entries.every((entry) => entry.length <= 100));
  assert.equal(entries.join('\n').match(/x y z/g)?.length, 1000);
});

test('no line is lost, none is made up, and chunks cut anywhere give the same entries', () => {
  const lines = fc.array(
    fc.oneof(
      fc.constantFrom(...[java, python, go, node].flatMap((text) => text.split('\n'))),
      fc.constantFrom('', ' ', '{', '  "a": 1', '}', '<13>x', 'a\r', '…'),
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(lines, fc.array(fc.nat(2000), { maxLength: 6 }), (chosen, cuts) => {
      const text = chosen.join('\n');
      const entries = entriesOf(text, cuts);
      assert.deepEqual(entries, entriesOf(text));
      const splitter = createLineSplitter(limits);
      const all: string[] = [];
      for (const { bytes } of [...splitter.push(Buffer.from(text)), ...splitter.end()])
        all.push(Buffer.from(bytes).toString());
      assert.deepEqual(
        entries.flatMap((entry) => entry.split('\n')),
        all,
      );
    }),
  );
});
