// Google's Generative Language API, whole or as a stream of server-sent events.
import type { JsonObject } from '@sallyport/contracts';
import { eventStream, fieldOf, objectsIn } from './event-stream.ts';
import type { ModelTurn, ModelWords } from './model-under-test.ts';

export function geminiAnswer(turn: ModelTurn, { isStream }: { readonly isStream: boolean }): ModelWords {
  const part: JsonObject =
    turn.kind === 'words' ? { text: turn.text } : { functionCall: { name: turn.tool, args: turn.input } };
  const answer: JsonObject = {
    candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 1200, candidatesTokenCount: 34, totalTokenCount: 1234 },
  };
  return isStream ? eventStream([answer]) : { contentType: 'application/json', body: JSON.stringify(answer) };
}

export function geminiResults(body: JsonObject): readonly string[] {
  return objectsIn(body['contents'])
    .flatMap((content) => objectsIn(fieldOf(content, 'parts')))
    .flatMap((part) => {
      const response = fieldOf(part, 'functionResponse');
      return typeof response === 'object' && response !== null ? [JSON.stringify(fieldOf(response, 'response'))] : [];
    });
}
