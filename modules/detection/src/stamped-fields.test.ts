import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentEvent } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { entitiesOf } from './event-entities.ts';
import { ruleText } from './detection.fixture.ts';
import { createRuleScanner } from './rule-scanner.ts';
import { stampedFieldsOf } from './stamped-fields.ts';

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

test('whom and what an event is about has one name for rules of every product, and no record can claim it', () => {
  const stamps = (event: JsonObject, field: string) =>
    stampedFieldsOf(event)(`sallyport.${field}`)?.map(({ text }) => text);
  const refused = { class_uid: 3002, raw_data: '{}', user: { name: 'Kim' }, src_endpoint: { ip: '203.0.113.9' } };
  assert.deepEqual(stamps(refused, 'user'), ['Kim']);
  assert.deepEqual(stamps(refused, 'source'), ['203.0.113.9']);
  assert.deepEqual(stamps(refused, 'source_network'), ['203.0.113']);
  const networks = ['2001:db8::7', '2001:0DB8:0:1::9', '::ffff:192.0.2.7', '2001:db8:1::', 'gate', '::1'].map((ip) =>
    stamps({ ...refused, src_endpoint: { ip } }, 'source_network'),
  );
  assert.deepEqual(networks, [['2001:db8:0'], ['2001:db8:0'], ['192.0.2'], ['2001:db8:1'], undefined, ['0:0:0']]);
  const created = { class_uid: 3001, actor: { user: { name: 'kim' } }, user: { name: 'eve' } };
  assert.deepEqual(stamps({ ...created, raw_data: '{}' }, 'target_user'), ['eve']);
  assert.deepEqual(stamps({ ...created, raw_data: '{}' }, 'user'), ['kim']);
  const claimed = { raw_data: '{"sallyport":{"user":"kim"}}', unmapped: { sallyport: { target: { name: 'eve' } } } };
  assert.equal(stamps({ class_uid: 3001, ...claimed }, 'target_user'), undefined);
  assert.equal(stamps({ class_uid: 3001, ...claimed }, 'user'), undefined);
});

test('what an agent did is stamped of events of our own, and of no other', () => {
  const session = {
    id: 's-7',
    agent: { id: 'a-1', name: 'builder' },
    harness: { name: 'codex' },
    owner: { id: 'u-3', name: 'kim' },
    isAttended: true,
    host: 'ws-4',
    address: '192.0.2.10',
  };
  const tool = { name: 'search', server: { name: 'docs' } };
  const call = { id: 'c-1', tool, action: 'network', destination: { name: 'files.example' } } as const;
  const event = agentEvent({ nowMs: 1, session, happening: { kind: 'tool_decided', call, verdict: 'allow' } });
  const fields = ['agent', 'agent_session', 'agent_action', 'agent_tool', 'agent_server', 'agent_destination'];
  const stamps = (of: JsonObject, names: readonly string[]) =>
    names.map((name) =>
      stampedFieldsOf(of)(`sallyport.${name}`)
        ?.map(({ text }) => text)
        .join(),
    );
  assert.deepEqual(stamps(event, fields), ['a-1', 's-7', 'network', 'search', 'docs', 'files.example']);
  assert.deepEqual(stamps(event, ['user', 'host', 'source']), ['kim', 'ws-4', '192.0.2.10']);
  assert.deepEqual(entitiesOf(event).entities, { source: '192.0.2.10', agent: 'a-1', agent_session: 's-7' });
  const claimed = { ...event, raw_data: '{}' };
  assert.deepEqual(
    stamps(claimed, fields),
    fields.map(() => undefined),
  );
  assert.deepEqual(entitiesOf(claimed).entities, { source: '192.0.2.10' });
});

test('a finding has the camera and the pictures of an event of ours, and of no other', () => {
  const picture = 'a'.repeat(64);
  const camera = { id: 'cam-1', picture, picture_before: 'no hash <img>' };
  const own = { class_uid: 0, unmapped: { sallyport: { site: 'Plant', camera } } };
  assert.deepEqual(entitiesOf(own).entities, { site: 'Plant', camera: 'cam-1', picture });
  assert.equal(entitiesOf({ ...own, raw_data: '{}' }).entities, undefined);
});
