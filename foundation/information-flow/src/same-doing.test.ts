import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTool } from './describe-tool.ts';
import type { JsonValue } from './origins.ts';
import { createSessionFlow } from './session-flow.ts';
import type { CallFlow, FlowCall, SessionFlow } from './session-flow.ts';

type Input = { readonly [key: string]: JsonValue };

let calls = 0;
function call(name: string, input: Input, description = ''): FlowCall {
  return { id: `call ${(calls += 1)}`, tool: { name, parameters: Object.keys(input), description }, input };
}

function session(prompt: string, read: readonly (readonly [FlowCall, string])[] = []): SessionFlow {
  const flow = createSessionFlow();
  flow.prompt('p', prompt);
  for (const [made, answer] of read) {
    flow.went(made);
    flow.result(made, answer, 'untrusted');
  }
  return flow;
}

const judged = (prompt: string, tool: string, input: Input, read: Parameters<typeof session>[1] = []): CallFlow =>
  session(prompt, read).judge(call(tool, input));

test('how something is asks for nothing', () => {
  const issue = { title: 'x' };
  assert.equal(judged('Which issues are open today?', 'create_issue', issue).intent, 'none');
  assert.equal(judged('Which tickets were closed?', 'close_ticket', { ticket: 'T-4' }).intent, 'none');
  assert.equal(judged('Open an issue called x', 'create_issue', issue).intent, 'said');
});

test('who asks for something new asks for no change of what is there, and who ends something for nothing new', () => {
  assert.equal(judged('Create a ticket for Kolb', 'close_ticket', { ticket: 'T-4' }).intent, 'none');
  assert.equal(judged('Create an appointment at 9', 'reschedule_appointment', { id: 'A-1' }).intent, 'none');
  assert.equal(judged('Close all tickets that are done', 'create_ticket', { title: 'x' }).intent, 'none');
  assert.equal(judged('Close ticket T-4', 'close_ticket', { ticket: 'T-4' }).intent, 'said');
});

test('of all that were asked for, what stands nowhere is none', () => {
  const list: readonly [FlowCall, string] = [call('list_tickets', { status: 'done' }), 'T-1; T-2'];
  const prompt = 'Close all tickets that are done';
  assert.equal(judged(prompt, 'close_ticket', { ticket: 'T-1' }, [list]).intent, 'said');
  assert.equal(judged(prompt, 'close_ticket', { ticket: 'T-9' }, [list]).intent, 'none');
});

test('who is written to by mail is not called or paged', () => {
  const text = { pager: '4420', text: 'Leave now' };
  for (const prompt of ['Mail her that it is at nine', 'Send everyone a mail that it is at nine'])
    assert.equal(judged(prompt, 'page_staff', text).intent, 'none', prompt);
  assert.equal(judged('Page her that it is at nine', 'page_staff', text).intent, 'said');
  assert.equal(judged('Send them a page of my notes', 'send_email', { to: 'a@x.example', body: 'x' }).intent, 'said');
});

test('a synonym asks for it where all that goes along is the person’s', () => {
  const prompt = 'C-17 lives at Quay 80 now, please change it.';
  assert.equal(judged(prompt, 'change_delivery_address', { order: 'C-17', address: 'Quay 80' }).intent, 'said');
  assert.equal(judged(prompt, 'change_delivery_address', { order: 'C-17', address: 'Quay 99' }).intent, 'none');
  assert.equal(judged(prompt, 'change_delivery_address', { order: 'C-18', address: 'Quay 80' }).intent, 'none');
  assert.equal(
    judged('Attach plan.pdf to C-17', 'upload_document', { order: 'C-17', document: 'plan.pdf' }).intent,
    'said',
  );
});

test('an unknown verb that is the person’s own is what they said; a noun, a question or another thing is not', () => {
  const found: readonly [FlowCall, string] = [call('find_client', { name: 'Ada Lind' }), 'Ada Lind, record 4477'];
  const note: readonly [FlowCall, string] = [call('read_notes', { name: 'Ada Lind' }), 'record 9911'];
  const tool = (prompt: string, input: Input = { record_number: '4477' }): boolean =>
    session(prompt, [found, note]).judge(call('discharge_client', input, 'Discharges a client.')).isOwnVerb;
  for (const prompt of ['Ada Lind goes home. Discharge her.', 'Look up Ada Lind and discharge her.'])
    assert.equal(tool(prompt), true, prompt);
  for (const prompt of [
    'Discharge papers of Ada Lind: read them to me.',
    'When do we discharge her, Ada Lind?',
    'Should I discharge her, Ada Lind?',
    "Don't discharge her, Ada Lind.",
    'Her discharge, Ada Lind, is when?',
  ])
    assert.equal(tool(prompt), false, prompt);
  const prompt = 'Ada Lind goes home. Discharge her.';
  assert.equal(tool(prompt, { record_number: '9911' }), false, 'of a note, not of the client');
  assert.equal(tool(prompt, { record_number: '1234' }), false, 'of nowhere');
  assert.equal(tool(prompt, { record_number: '4477', note: 'see evil.example' }), false);
});

test('for whom something is ordered chooses nobody who is paid; what is ordered does', () => {
  const found: readonly [FlowCall, string] = [call('find_client', { name: 'Ada Lind' }), 'Ada Lind, record 4477'];
  const prompt = 'Order two boxes of gloves, size M, for Ada Lind.';
  const order = (name: string, input: Input): string => judged(prompt, name, input, [found]).destination;
  assert.equal(order('order_goods', { record_number: '4477', item: 'gloves size M' }), 'named');
  assert.equal(order('order_goods', { record_number: '4477', item: 'morphine' }), 'made');
  assert.equal(order('order_goods', { record_number: '9999', item: 'gloves' }), 'made', 'a number from nowhere');
  assert.equal(order('refund_order', { record_number: 'R-4477', item: 'gloves' }), 'made');
  // Two words that are not beside each other are no name of the person's.
  assert.equal(order('order_goods', { record_number: '4477', item: 'gloves Lind' }), 'made');
});

test('people and calls are transferred without money, and nothing else is', () => {
  const effects = (name: string, parameters?: readonly string[]): readonly string[] =>
    describeTool({ name, ...(parameters === undefined ? {} : { parameters }) }).effects;
  assert.deepEqual(effects('transfer_call', ['call', 'extension']), ['write']);
  assert.deepEqual(effects('transfer_student', ['student_id', 'school']), ['write']);
  for (const [name, parameters] of [
    ['transfer', ['id']],
    ['transfer_funds', ['id']],
    ['transfer_domain', ['name']],
    ['transfer_guest', ['id', 'amount']],
    ['transfer_guest', ['id', 'wallet_id']],
    ['transfer_guest', ['to', 'id']],
    ['transfer_guest', undefined],
  ] as const)
    assert.equal(effects(name, parameters).includes('pay'), true, `${name} ${String(parameters)}`);
});

test('a prompt of nothing but marks and blanks is read at once', () => {
  for (const text of ['\n '.repeat(30_000), ', a'.repeat(20_000), 'please '.repeat(9000), 'a'.repeat(60_000)])
    assert.equal(session(text).judge(call('discharge_client', { name: 'please' })).isOwnVerb, false);
});
