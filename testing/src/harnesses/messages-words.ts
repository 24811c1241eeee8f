// Anthropic's Messages API: a stream of server-sent events, or one message.
import type { JsonObject } from '@sallyport/contracts';
import { eventStream, fieldOf, objectsIn, wordsIn } from './event-stream.ts';
import type { ModelTurn, ModelWords } from './model-turn.ts';

let made = 0;

export function messagesAnswer(turn: ModelTurn, asked: JsonObject): ModelWords {
  made += 1;
  const model = typeof asked['model'] === 'string' ? asked['model'] : 'model-of-the-test';
  const usage = { input_tokens: 1200, output_tokens: 34, cache_read_input_tokens: 500, cache_creation_input_tokens: 0 };
  const block: JsonObject =
    turn.kind === 'words'
      ? { type: 'text', text: turn.text }
      : { type: 'tool_use', id: `toolu_${made}`, name: turn.tool, input: turn.input };
  const stopReason = turn.kind === 'words' ? 'end_turn' : 'tool_use';
  const message: JsonObject = {
    id: `msg_${made}`,
    type: 'message',
    role: 'assistant',
    model,
    stop_sequence: null,
    usage,
  };
  if (asked['stream'] !== true)
    return {
      contentType: 'application/json',
      body: JSON.stringify({ ...message, content: [block], stop_reason: stopReason }),
    };
  const [start, delta]: readonly [JsonObject, JsonObject] =
    turn.kind === 'words'
      ? [
          { type: 'text', text: '' },
          { type: 'text_delta', text: turn.text },
        ]
      : [
          { ...block, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(turn.input) },
        ];
  return eventStream([
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: start },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 34 } },
    { type: 'message_stop' },
  ]);
}

/** What tools gave back, in the order of the conversation. */
export function messagesResults(body: JsonObject): readonly string[] {
  return objectsIn(body['messages'])
    .flatMap((message) => objectsIn(fieldOf(message, 'content')))
    .filter((block) => fieldOf(block, 'type') === 'tool_result')
    .map((block) => wordsIn(fieldOf(block, 'content')));
}
