// Google's Generative Language API, whole or as a stream of server-sent events.
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { eventStream, fieldOf, objectsIn } from './event-stream.ts';
import type { ModelTurn, ModelWords } from './model-turn.ts';

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

/** Where an object of some shape is asked for: the first one that has it. Gemini CLI asks who speaks next, and again until it is told. */
export function wantedObject(body: JsonObject): string | undefined {
  const config = body['generationConfig'];
  if (!isJsonObject(config)) return undefined;
  const schema = config['responseJsonSchema'] ?? config['responseSchema'];
  return isJsonObject(schema) ? JSON.stringify(firstOf(schema)) : undefined;
}

function firstOf(schema: JsonValue | undefined): JsonValue {
  if (!isJsonObject(schema)) return 'any';
  const { enum: words, properties, type } = schema;
  if (Array.isArray(words)) return words[0] ?? null;
  if (isJsonObject(properties))
    return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, firstOf(inner)]));
  const kind = typeof type === 'string' ? type.toLowerCase() : '';
  return kind === 'boolean' ? false : kind === 'number' || kind === 'integer' ? 1 : kind === 'array' ? [] : 'any';
}
