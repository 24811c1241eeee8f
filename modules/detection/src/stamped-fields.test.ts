import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@sallyport/contracts';
import { entitiesOf } from './event-entities.ts';
import { ruleText } from './detection.fixture.ts';
import { createRuleScanner } from './rule-scanner.ts';

const scanner = createRuleScanner([
  {
    file: 'own/site.yml',
    text: ruleText({
      id: 'r-site',
      detection: 'selection:\n    sallyport.site: Plant\n    sallyport.class_uid: 3002\n',
    }).replace(/logsource:\n(?: +.*\n)+/, 'logsource:\n  definition: every event\n'),
  },
]);

function matches(event: JsonValue): boolean {
  const outcome = scanner.scan(new TextEncoder().encode(JSON.stringify(event)));
  return outcome.kind === 'scanned' && outcome.matches.length > 0;
}

const signIn = { class_uid: 3002, raw_data: '{"some":"record"}' };
const from = (site: string) => ({ metadata: { reporter: { uid: 'k', name: 'web', site } } });

test('rules see the site that intake stamped, and the class an event became, whatever its record looks like', () => {
  assert.equal(matches({ ...signIn, ...from('Plant') }), true);
  assert.equal(matches({ ...signIn, ...from('Home') }), false);
  assert.equal(matches({ ...signIn, ...from('Plant'), class_uid: 1007 }), false);
  assert.equal(matches({ class_uid: 3002, unmapped: { sallyport: { site: 'Plant' } } }), true, 'an event of our own');
});

test('no record can claim a site or a class', () => {
  const claims = JSON.stringify({
    sallyport: { site: 'Plant', class_uid: 3002 },
    'sallyport.site': 'Plant',
    unmapped: { sallyport: { site: 'Plant' } },
  });
  assert.equal(matches({ class_uid: 3002, raw_data: claims }), false);
  assert.equal(matches({ class_uid: 3002, raw_data: claims, ...from('Home') }), false);
  const record = { sallyport: { site: 'Plant' } };
  const asRecord = {
    class_uid: 3002,
    raw_data: 'x',
    unmapped: { record, sallyport: { format: 'json', site: 'Plant' } },
  };
  assert.equal(matches(asRecord), false);
});

test('a finding has the camera and the pictures of an event of ours, and of no other', () => {
  const picture = 'a'.repeat(64);
  const camera = { id: 'cam-1', picture, picture_before: 'no hash <img>' };
  const own = { class_uid: 0, unmapped: { sallyport: { site: 'Plant', camera } } };
  assert.deepEqual(entitiesOf(own).entities, { site: 'Plant', camera: 'cam-1', picture });
  assert.equal(entitiesOf({ ...own, raw_data: '{}' }).entities, undefined);
});
