// OpenAI's Responses API, as a stream.
import type { JsonObject } from '@sallyport/contracts';
import { eventStream, fieldOf, objectsIn, wordsIn } from './event-stream.ts';
import type { ModelTurn, ModelWords } from './model-turn.ts';

let made = 0;

export function responsesAnswer(turn: ModelTurn): ModelWords {
  made += 1;
  const item: JsonObject =
    turn.kind === 'words'
      ? { type: 'message', role: 'assistant', id: `msg_${made}`, content: [{ type: 'output_text', text: turn.text }] }
      : {
          type: 'function_call',
          id: `fc_${made}`,
          call_id: `call_${made}`,
          name: turn.tool,
          arguments: JSON.stringify(turn.input),
        };
  const id = `resp_${made}`;
  return eventStream([
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.done', output_index: 0, item },
    {
      type: 'response.completed',
      response: {
        id,
        usage: {
          input_tokens: 1200,
          input_tokens_details: { cached_tokens: 500 },
          output_tokens: 34,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 1234,
        },
      },
    },
  ]);
}

export function responsesResults(body: JsonObject): readonly string[] {
  return objectsIn(body['input'])
    .filter((item) => String(fieldOf(item, 'type')).endsWith('_output'))
    .map((item) => wordsIn(fieldOf(item, 'output')));
}
