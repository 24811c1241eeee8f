import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRequirements } from './check-requirements.ts';
import { findingsOf } from './finding.ts';
import { plantFiles } from './planted-files.ts';
import type { TestEnd } from './planted-files.ts';

const open = '| AU-1 | open | recorded | | |\n';
const built = '| AU-2 | built | provable | `log.ts` | `log.test.ts` |\n';

function messages(t: TestEnd, rows: string): string[] {
  const root = plantFiles(t, { 'docs/requirements.md': rows, 'log.ts': '', 'log.test.ts': '' });
  return findingsOf(checkRequirements(root, { AU: 2 })).map((finding) => finding.message);
}

test('the requirements check passes a list that is complete and true', (t) => {
  assert.deepEqual(messages(t, open + built), []);
});

const faults: [name: string, rows: string, told: RegExp][] = [
  ['a missing id', open, /"AU-2" is missing/],
  ['an id twice', open + open + built, /a second time/],
  ['an unknown id', `${open}${built}| AU-3 | open | x | | |\n`, /"AU-3" is not a requirement/],
  ['an unknown state', `${built}| AU-1 | done | x | | |\n`, /must be open, first form or built/],
  [
    'a built row whose file is gone',
    `${open}| AU-2 | built | x | \`gone.ts\` | \`log.test.ts\` |\n`,
    /names "gone.ts"/,
  ],
  ['a built row without a test', `${open}| AU-2 | built | x | \`log.ts\` | by hand |\n`, /must name a \*\.test\.ts/],
  ['a built row without a place', `${open}| AU-2 | built | x | somewhere | \`log.test.ts\` |\n`, /where it is built/],
];
for (const [name, rows, told] of faults) {
  test(`the requirements check refuses ${name}`, (t) => {
    assert.match(messages(t, rows).join('\n'), told);
  });
}

test('the requirements check fails when there is nothing to look at', (t) => {
  assert.match(messages(t, '').join('\n'), /Looked at 0/);
  assert.match(findingsOf(checkRequirements(plantFiles(t, {})))[1]?.message ?? '', /Missing/);
});
