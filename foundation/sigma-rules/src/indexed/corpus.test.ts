import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFullScan } from '../full-scan.ts';
import type { JsonObject } from '../json.ts';
import { loadSigmaRuleSet } from '../rule-set.ts';
import { createIndexedMatcher } from './indexed-matcher.ts';

const reference = join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'data');

/** Recorded events of Windows and of CloudTrail; every fifth of the latter. */
function recordedEvents(): JsonObject[] {
  const windows = globSync('sigma-regression/**/*.json', { cwd: reference })
    .flatMap((file) => readFileSync(join(reference, file), 'utf8').split(/\n(?=\{)/))
    .map((text): JsonObject => JSON.parse(text));
  const cloudtrail = globSync('cloudtrail/CloudTrail/*.json', { cwd: reference })
    .toSorted()
    .flatMap((file): JsonObject[] => JSON.parse(readFileSync(join(reference, file), 'utf8')).Records)
    .filter((_, order) => order % 5 === 0);
  return [...windows, ...cloudtrail];
}

// A third of the rules, for time; `sallyport sigma scan --compare` holds all of them and all recorded events against each other.
test('the SigmaHQ corpus matches recorded events through the index as by full scan', (context) => {
  if (!existsSync(join(reference, 'sigma'))) return context.skip(`the reference data ${reference} is not there`);
  const sources = globSync('sigma/**/*.yml', { cwd: reference })
    .toSorted()
    .filter((_, order) => order % 3 === 0)
    .map((file) => ({ file, text: readFileSync(join(reference, file), 'utf8') }));
  const { rules } = loadSigmaRuleSet(sources);
  const indexed = createIndexedMatcher(rules);
  const fullScan = createFullScan(rules);
  let matches = 0;
  const events = recordedEvents();
  for (const event of events) {
    const wanted = fullScan.match(event).map(({ rule, matched }) => [rule.id, matched]);
    assert.deepEqual(
      indexed.match(event).map(({ rule, matched }) => [rule.id, matched]),
      wanted,
    );
    matches += wanted.length;
  }
  assert.ok(events.length > 500 && matches > 20, `the test looked at ${events.length} events, ${matches} matches`);
});
