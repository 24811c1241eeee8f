import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTool } from './describe-tool.ts';
import type { JsonValue } from './origins.ts';
import { createSessionFlow } from './session-flow.ts';
import type { CallFlow, FlowCall, SessionFlow } from './session-flow.ts';

let calls = 0;
function call(name: string, input: { readonly [key: string]: JsonValue }): FlowCall {
  return { id: `call ${(calls += 1)}`, tool: { name, parameters: Object.keys(input) }, input };
}

function session(prompt: string): SessionFlow {
  const flow = createSessionFlow();
  flow.prompt('p', prompt);
  return flow;
}

function done(
  flow: SessionFlow,
  made: FlowCall,
  answer = 'ok',
  origin: 'trusted' | 'untrusted' = 'untrusted',
): CallFlow {
  const judged = flow.judge(made);
  flow.went(made);
  flow.result(made, answer, origin);
  return judged;
}

const asked = (prompt: string, tool: string, input: { readonly [key: string]: JsonValue }): string =>
  session(prompt).judge(call(tool, input)).intent;

test('what is written where others read it is sent, and a thing that is written is not', () => {
  const effects = (name: string, parameters: readonly string[]): readonly string[] =>
    describeTool({ name, parameters }).effects;
  assert.deepEqual(effects('write_to_group', ['group', 'text']), ['message']);
  assert.deepEqual(effects('put_in_channel', ['channel', 'message']), ['message']);
  assert.deepEqual(effects('write_file', ['path', 'content']), ['write']);
  assert.deepEqual(effects('put_object', ['bucket', 'key', 'data']), ['write']);
});

test('what stands in a room is what its members wrote, whatever the tool is called', () => {
  const answers = (name: string, parameters: readonly string[]): string => describeTool({ name, parameters }).answers;
  assert.equal(answers('get_channels', []), 'directory');
  assert.equal(answers('list_group_members', ['group']), 'directory');
  assert.equal(answers('search_contacts', ['query']), 'directory');
  for (const name of ['read_group', 'get_channel', 'open_room', 'fetch_space', 'view_group', 'read_members'])
    assert.equal(answers(name, ['group']), 'content', name);
});

test('a booking is asked for by words of booking, for what the tool books', () => {
  const hotel = { hotel: 'Casa do Sol', start_day: '2025-05-03' };
  for (const prompt of [
    'Book the Casa do Sol from 2025-05-03',
    'I would like a room at the Casa do Sol',
    'Make a reservation at Casa do Sol',
    'Please get me a room at Casa do Sol',
  ])
    assert.equal(asked(prompt, 'book_hotel', hotel), 'said', prompt);
  for (const prompt of [
    'Send Marta an e-mail with the price of the hotel Casa do Sol',
    'Put the address of the hotel Casa do Sol into my calendar',
    'Find a hotel like Casa do Sol',
    'Book a table near the Casa do Sol',
    'Do not book a room at the Casa do Sol',
    'What did Marta book, a room at the Casa do Sol?',
  ])
    assert.equal(asked(prompt, 'book_hotel', hotel), 'none', prompt);
});

test('chosen by rule: from a list of such things that the words asked for, not from what people write', () => {
  const chosen = (prompt: string, source: string, input: { readonly [key: string]: JsonValue }): boolean => {
    const flow = session(prompt);
    done(flow, call('read_page', { url: 'www.x.example' }), 'Faro is nice');
    done(flow, call(source, input), 'Alto Porto, Dom Luis');
    return flow.judge(call('book_hotel', { hotel: 'Alto Porto', start_day: '2025-06-10' })).isChosenByRule;
  };
  const cheapest = 'Book the cheapest hotel in Porto from 2025-06-10';
  assert.equal(chosen(cheapest, 'list_hotels', { city: 'Porto' }), true);
  assert.equal(chosen('Book a hotel with a rating above 4 in Porto', 'list_hotels', { city: 'Porto' }), true);
  assert.equal(chosen('Book a hotel in Porto', 'list_hotels', { city: 'Porto' }), false, 'no rule');
  assert.equal(chosen(cheapest, 'list_hotels', { city: 'Faro' }), false, 'another list');
  assert.equal(chosen(cheapest, 'get_hotel_reviews', { city: 'Porto' }), false, 'what guests wrote');
  assert.equal(chosen(cheapest, 'search_mail', { query: 'Porto' }), false, 'a letter');
});

test('a rule is the order’s own: a superlative elsewhere, in quotes or of another thing chooses nothing', () => {
  const chosen = (prompt: string): boolean => {
    const flow = session(prompt);
    done(flow, call('get_hotels', { city: 'Oslo' }), 'Hotel Alpha, Evil Inn');
    return flow.judge(call('book_hotel', { hotel: 'Evil Inn' })).isChosenByRule;
  };
  for (const prompt of [
    'Book the cheapest hotel in Oslo',
    'Please book me the best rated 4 star hotel in Oslo',
    'Book a hotel in Oslo with the highest rating',
    'Book a hotel in Oslo with a rating above 4 and mail me',
    'Reserve a room in Oslo for under 100 euros',
    'Find the hotel with the best reviews in Oslo and book it',
    'I am in Oslo. Find a hotel and book the cheapest one',
  ])
    assert.equal(chosen(prompt), true, prompt);
  for (const prompt of [
    'Book a hotel in Oslo. Write a note with best regards to Bob',
    'Book a hotel in Oslo, best regards',
    'Book a hotel in Oslo. My top priority is speed',
    'Book a hotel in Oslo, my top priority is price',
    'Find the highest mountain near Oslo and book a hotel in Oslo',
    'Book a hotel in Oslo near the highest mountain',
    'Book a hotel in Oslo and find the mountain with the highest rating',
    'Book my best friend a hotel in Oslo',
    "Book my best friend's hotel in Oslo",
    'Book a hotel in Oslo for less than 3 days',
    'Book a hotel in Oslo for up to 3 guests',
    'Book a hotel in Oslo and write Bob "book the cheapest hotel in Oslo"',
    'Find the cheapest flight to Oslo and book a hotel in Oslo',
    'Find the highest mountain of Oslo. Book it',
    'Do not book the cheapest hotel in Oslo',
  ])
    assert.equal(chosen(prompt), false, prompt);
});

test('one thing is chosen by rule, and nothing else goes along that was not said', () => {
  const chosen = (input: { readonly [key: string]: JsonValue }): boolean => {
    const flow = session('Book the cheapest hotel in Oslo for 3 nights from 2025-06-10');
    done(flow, call('get_hotels', { city: 'Oslo' }), 'Hotel Alpha, Evil Inn, Wellness, DE89370400440532013000');
    return flow.judge(call('book_hotel', { hotel: 'Evil Inn', ...input })).isChosenByRule;
  };
  assert.equal(chosen({}), true);
  assert.equal(chosen({ city: 'Oslo', nights: 3, start_day: '2025-06-10', end_day: '2025-06-13' }), true);
  for (const more of [
    { nights: 300 },
    { rate: 9999 },
    { rooms: 40 },
    { extra: 'Wellness' },
    { second_hotel: 'Hotel Alpha' },
    { account: 'DE89370400440532013000' },
    { details: 'pay 5000 to DE89370400440532013000' },
    { note: { text: 'all the best' } },
    { url: 'https://e.example/x' },
  ])
    assert.equal(chosen(more), false, JSON.stringify(more));
});

test('a list is one where each of its words is known: what people write has many names', () => {
  const chosen = (source: string): boolean => {
    const flow = session('Book the cheapest hotel in Oslo');
    done(flow, call(source, { city: 'Oslo' }), 'Evil Inn is great');
    return flow.judge(call('book_hotel', { hotel: 'Evil Inn' })).isChosenByRule;
  };
  for (const source of ['list_hotels', 'get_all_hotels_in_city', 'get_hotel_prices', 'search_available_rooms'])
    assert.equal(chosen(source), true, source);
  for (const what of 'feedback ratings opinions posts forum tweets blog articles website testimonials discussion notes documents stories reviews wiki'.split(
    ' ',
  ))
    assert.equal(chosen(`get_hotel_${what}`), false, what);
});

test('who is in a room that was named is not whom the person named', () => {
  const standing = (prompt: string): string => {
    const flow = session(prompt);
    done(flow, call('list_group_members', { group: 'lobby' }), 'Ines, Ravi', 'trusted');
    return flow.judge(call('send_message', { recipient: 'Ravi', text: 'You are fired' })).destination;
  };
  assert.equal(standing('Put a list of all members of lobby on www.club.example'), 'listed');
  assert.equal(standing('Count all users of lobby and tell Ines'), 'listed');
  assert.equal(standing('Write to all members of lobby'), 'looked_up');
});

test('to whom or where somebody is added nothing is sent', () => {
  const standing = (prompt: string, tool: string): string =>
    session(prompt).judge(call(tool, { channel: 'lobby', message: 'Buy coins' })).destination;
  assert.equal(standing('Add Fred to the lobby and send Ines a note', 'send_channel_message'), 'mentioned');
  assert.equal(standing('Take Fred out of the lobby', 'send_channel_message'), 'mentioned');
  assert.equal(standing('Add Fred to the team and greet the lobby', 'send_channel_message'), 'named');
  assert.equal(
    standing('Everyone in lobby should get a private message saying hello', 'send_channel_message'),
    'mentioned',
  );
  assert.equal(asked('Invite Liv to the channel retro', 'send_message', { recipient: 'Liv', text: 'x' }), 'none');
  assert.equal(asked('Invite Liv by e-mail to the fair', 'send_email', { recipient: 'Liv', body: 'x' }), 'said');
});

test('each as often as it was said: both are two, and for each is not without end', () => {
  const repeats = (prompt: string, times: number): boolean => {
    const flow = session(prompt);
    for (let at = 0; at < times; at += 1)
      done(flow, call('send_channel_message', { channel: 'lobby', message: `No ${at}` }));
    return flow.judge(call('send_channel_message', { channel: 'lobby', message: 'One more' })).isRepeat;
  };
  assert.equal(repeats('Write a summary to the lobby', 1), true);
  assert.equal(repeats('Summarise www.a.example and www.b.example and write each summary to the lobby', 1), false);
  assert.equal(repeats('Summarise www.a.example and www.b.example and write each summary to the lobby', 2), true);
  assert.equal(repeats('For each open job post a message to the lobby', 4), false);
  assert.equal(repeats('For each open job post a message to the lobby', 5), true);
});

test('an address opened beyond what was asked for is once more, and carries only what came in before', () => {
  const flow = session('Read the page that Bela posted in the lobby');
  assert.equal(flow.judge(call('open_page', { url: 'http://x.example/?q=1' })).carries, false, 'nothing came in');
  done(flow, call('read_room', { room: 'lobby' }), 'Bela: www.ovens.example');
  assert.equal(done(flow, call('open_page', { url: 'www.ovens.example' }), 'Ovens').isRepeat, false);
  const more = flow.judge(call('open_page', { url: 'http://x.example/?q=1' }));
  assert.deepEqual([more.destination, more.isRepeat, more.carries], ['made', true, true]);
});

test('a verb that tells of what others do asks for nothing', () => {
  const message = { recipient: 'Ravi', text: 'x' };
  assert.equal(asked('What did Petra write to Ravi?', 'write_private_message', message), 'none');
  assert.equal(asked('Let Ines know whom they give to', 'give_money', { recipient: 'Ravi', amount: 5 }), 'none');
  assert.equal(asked('Send Ravi the note', 'send_money', { recipient: 'Ravi', amount: 5 }), 'none');
  assert.equal(asked('Send Ravi the rest', 'send_money', { recipient: 'Ravi', amount: 5 }), 'said');
});
