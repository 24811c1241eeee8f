// A model that says what a test tells it to, over loopback, in the words of the APIs that harnesses speak: Anthropic's Messages, OpenAI's
// Responses and Google's Generative Language. So that a real harness calls its real tools, and its real hooks, without a real model.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { geminiAnswer, geminiResults, wantedObject } from './gemini-words.ts';
import { messagesAnswer, messagesResults } from './messages-words.ts';
import type { ModelTurn, ModelWords } from './model-turn.ts';
import { responsesAnswer, responsesResults } from './responses-words.ts';

export type ModelUnderTest = {
  readonly address: string;
  /** What the tools gave back so far, as the model was told: refusals with their reasons too. */
  readonly heard: readonly string[];
  /** Requests other than for a turn: a harness may ask for small things beside. */
  readonly beside: readonly string[];
  /** Hosts that somebody wanted to reach through the model as a proxy, and did not: it lets through to itself alone. */
  readonly beyond: readonly string[];
  /**
   * What is said next, from the beginning. `before` runs before the turn of that position is answered. `helper` is for the conversation that
   * begins with those words, which a harness leads beside.
   */
  tell(turns: readonly ModelTurn[], more?: ModelScript): void;
  close(): Promise<void>;
};

export type ModelScript = {
  readonly before?: (position: number) => Promise<void>;
  readonly helper?: { readonly asked: string; readonly turns: readonly ModelTurn[] };
};

const maxBodyBytes = 32 * 1024 * 1024;

export async function startModel(): Promise<ModelUnderTest> {
  let turns: readonly ModelTurn[] = [];
  let script: ModelScript = {};
  let next = 0;
  let nextOfHelper = 0;
  const heard: string[] = [];
  const beside: string[] = [];
  const beyond: string[] = [];

  /** One turn each time somebody with tools asks; who has none asks for a title or the like. */
  const turnFor = async (body: JsonObject): Promise<ModelTurn> => {
    const { tools } = body;
    if (!Array.isArray(tools) || tools.length === 0) return { kind: 'words', text: wantedObject(body) ?? 'A title' };
    const { before, helper } = script;
    const messages = body['messages'];
    const begun = JSON.stringify(Array.isArray(messages) ? messages[0] : null);
    if (helper !== undefined && begun.includes(helper.asked)) {
      nextOfHelper += 1;
      return helper.turns[nextOfHelper - 1] ?? { kind: 'words', text: 'Done.' };
    }
    const position = next;
    next += 1;
    await before?.(position);
    return turns[position] ?? { kind: 'words', text: 'Done.' };
  };
  const hear = (results: readonly string[]): void => {
    // A conversation is sent whole each time: what was told before is not told anew.
    for (const result of results.slice(heard.length)) heard.push(result);
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = await jsonOf(request);
    const say = ({ contentType, body: text }: ModelWords): void => {
      response.writeHead(200, { 'content-type': contentType }).end(text);
    };
    if (path.endsWith('/messages')) {
      hear(messagesResults(body));
      return say(messagesAnswer(await turnFor(body), body));
    }
    if (path.endsWith('/responses')) {
      hear(responsesResults(body));
      return say(responsesAnswer(await turnFor(body)));
    }
    if (/:(?:stream)?[gG]enerateContent$/.test(path)) {
      hear(geminiResults(body));
      return say(geminiAnswer(await turnFor(body), { isStream: path.includes(':stream') }));
    }
    beside.push(`${request.method ?? ''} ${path}`);
    if (path.endsWith('/count_tokens')) return say(json({ input_tokens: 10 }));
    if (path.endsWith(':countTokens')) return say(json({ totalTokens: 10 }));
    if (path.endsWith('/models')) return say(json({ data: [], models: [] }));
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"not here"}}');
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      beside.push(`failed: ${String(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('The model has no port');
  // Some harnesses send everything through the proxy they are given, what is on this machine too.
  server.on('connect', (request, socket) => {
    const to = /^(?:127\.0\.0\.1|localhost):(\d+)$/.exec(request.url ?? '');
    socket.on('error', () => undefined);
    if (to === null) {
      beyond.push(request.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const upstream = connect(Number(to[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
  });
  return {
    address: `http://127.0.0.1:${bound.port}`,
    heard,
    beside,
    beyond,
    tell(said, more = {}) {
      turns = said;
      script = more;
      next = 0;
      nextOfHelper = 0;
      heard.length = 0;
      beside.length = 0;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function json(body: JsonObject): ModelWords {
  return { contentType: 'application/json', body: JSON.stringify(body) };
}

async function jsonOf(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const input: AsyncIterable<Buffer> = request;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error('A request to the model is too long');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const body: JsonValue | undefined = text === '' ? {} : parseJson(text);
  return isJsonObject(body) ? body : {};
}
