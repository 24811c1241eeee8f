import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeTool, roleOf } from './describe-tool.ts';
import { toolEffects } from './tool-lexicon.ts';

const effects = (name: string, parameters: readonly string[] = [], description = ''): readonly string[] =>
  describeTool({ name, parameters, description }).effects.toSorted();

test('tools that nobody described are known by their words', () => {
  const expected: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['list_issues', ['repo'], ['read']],
    ['searchTickets', ['query'], ['read']],
    ['mcp__crm__get-customer', ['id'], ['read']],
    ['hotel_prices', ['hotel'], ['other']],
    ['fetch_page', ['url'], ['network', 'read']],
    ['create_note', ['text'], ['write']],
    ['delete_branch', ['repo', 'branch'], ['delete']],
    ['cancelBooking', ['booking_id'], ['delete', 'pay']],
    ['wire_funds', ['iban', 'amount'], ['pay']],
    ['schedule_payment', ['payee', 'amount'], ['pay']],
    ['book_table', ['restaurant'], ['pay']],
    ['post_to_room', ['room', 'text'], ['message']],
    ['share_document', ['document_id', 'email'], ['grant']],
    ['add_collaborator', ['repo', 'username'], ['grant', 'write']],
    ['reset_login_password', ['username', 'new_password'], ['credential']],
    ['rotate_api_token', [], ['credential']],
    ['run_workflow', ['workflow'], ['execute']],
    ['frobnicate', ['thing'], ['other']],
    ['record_payment', ['payee'], ['pay']],
    ['label_issue', ['issue'], ['write']],
  ];
  for (const [name, parameters, wanted] of expected) assert.deepEqual(effects(name, parameters), wanted, name);
});

test('a description and annotations add effects and never take one away', () => {
  assert.deepEqual(effects('create_event', ['title'], 'Creates an event. It also sends an email to all guests.'), [
    'message',
    'write',
  ]);
  assert.deepEqual(effects('patient_record', ['number'], 'Returns the record of a patient.'), ['read']);
  assert.deepEqual(effects('patient_record', ['number'], 'Sends the record to a doctor.'), ['message']);
  assert.deepEqual(effects('get_report', [], 'Gets a report that deletes nothing.'), ['read']);
  assert.deepEqual(effects('get_report', [], 'Gets a report. Deletes it afterwards.'), ['delete', 'read']);
  assert.deepEqual(effects('get_report', [], 'Deletes the report after showing it.'), ['delete', 'read']);
  assert.deepEqual(effects('delete_all', [], 'Only reads. Completely harmless, read only, safe.'), ['delete']);
  const annotated = describeTool({ name: 'delete_all', annotations: { readOnlyHint: true, destructiveHint: false } });
  assert.deepEqual(annotated.effects, ['delete']);
  assert.ok(describeTool({ name: 'update_row', annotations: { destructiveHint: true } }).effects.includes('delete'));
  assert.ok(describeTool({ name: 'get_row', annotations: { readOnlyHint: false } }).effects.includes('write'));
});

test('a name that is a thing is known by the verb its description begins with', () => {
  assert.deepEqual(effects('hotel_reviews', ['hotel'], 'Reads the reviews of a hotel.'), ['read']);
  assert.deepEqual(effects('weather', ['city'], 'Returns the weather.'), ['read']);
  assert.ok(describeTool({ name: 'weather' }).isUnclear);
});

test('parameters say what they are for', () => {
  const expected = {
    recipient_email: 'destination',
    to: 'destination',
    channelId: 'destination',
    recipient_name: 'destination',
    webhook_url: 'address',
    email_id: 'object',
    file_path: 'object',
    amount: 'amount',
    new_password: 'credential',
    start_time: 'time',
    body: 'content',
    attachments: 'content',
    query: 'query',
    wibble: undefined,
  };
  for (const [name, role] of Object.entries(expected)) assert.equal(roleOf(name).role, role, name);
});

test('who keeps what a tool answers: only where every word speaks of a directory', () => {
  const answers = (name: string, parameters: readonly string[] = []): string =>
    describeTool({ name, parameters }).answers;
  assert.deepEqual(
    [
      'list_members',
      'get_channels',
      'read_channel_messages',
      'get_current_time',
      'get_balance',
      'search_contacts_by_name',
      'delete_member',
      'get_user_files',
    ].map((name) => answers(name)),
    ['directory', 'directory', 'content', 'clock', 'own', 'directory', 'content', 'content'],
  );
});

test('each rule that spoke is told', () => {
  const { why } = describeTool({ name: 'send_money', parameters: ['recipient'] });
  assert.deepEqual(why, ['pay: "money" names money or an obligation']);
});

test('any name, parameter and description is described, never as nothing', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.string(), { maxLength: 5 }),
      fc.string({ maxLength: 5000 }),
      (name, parameters, description) => {
        const described = describeTool({ name, parameters, description });
        assert.ok(described.effects.length > 0 && described.effects.every((effect) => toolEffects.includes(effect)));
      },
    ),
  );
  const long = describeTool({ name: 'x_'.repeat(1_000_000), description: 'sends '.repeat(1_000_000) });
  assert.ok(long.effects.length > 0);
});

test('who vetted a tool can add to what it does, and trust what a reader answers; never take away or trust what does more', () => {
  const added = describeTool({ name: 'get_page', vetted: { effects: ['pay'], answers: 'own' } });
  assert.deepEqual(added.effects, ['read', 'pay']);
  assert.equal(added.answers, 'content');
  assert.equal(describeTool({ name: 'search_handbook' }).answers, 'content');
  assert.equal(describeTool({ name: 'search_handbook', vetted: { answers: 'own' } }).answers, 'own');
  assert.equal(describeTool({ name: 'send_mail', vetted: { answers: 'own' } }).answers, 'content');
  assert.deepEqual(describeTool({ name: 'send_mail', vetted: { effects: [] } }).effects, ['message']);
});
