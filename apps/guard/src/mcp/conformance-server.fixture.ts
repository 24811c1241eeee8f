// The server that the conformance suite of MCP asks for (2025-11-25), over standard input and output, made by hand.
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

type Body = Record<string, unknown>;
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';
const text = (words: string) => ({ type: 'text', text: words });
const image = { type: 'image', data: png, mimeType: 'image/png' };
const resource = (uri: string, words: string, mimeType = 'text/plain') => ({
  type: 'resource',
  resource: { uri, mimeType, text: words },
});
const user = (content: object) => ({ role: 'user', content });
const send = (body: Body): void => void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...body })}\n`);
const objectOf = (value: unknown): Body => (typeof value === 'object' && value !== null ? { ...value } : {});

/** Our questions to the client. */
const waiting = new Map<string, (result: Body) => void>();
let asked = 0;
function ask(method: string, params: Body): Promise<Body> {
  const id = `q${(asked += 1)}`;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    send({ id, method, params });
  });
}

const enums = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: {
    type: 'string',
    oneOf: [
      { const: 'value1', title: 'First Option' },
      { const: 'value2', title: 'Second Option' },
    ],
  },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['Option One', 'Option Two'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2'] } },
  titledMulti: { type: 'array', items: { anyOf: [{ const: 'value1', title: 'First Choice' }] } },
};
const defaults = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};
const elicit = async (message: string, properties: Body): Promise<Body> => {
  const result = await ask('elicitation/create', { message, requestedSchema: { type: 'object', properties } });
  return { content: [text(`Elicitation completed: ${JSON.stringify(result)}`)] };
};

const tools: Readonly<Record<string, (input: Body, meta: Body) => Promise<Body> | Body>> = {
  test_simple_text: () => ({ content: [text('This is a simple text response for testing.')] }),
  test_reconnection: () => ({ content: [text('Reconnection test completed successfully.')] }),
  test_image_content: () => ({ content: [image] }),
  test_audio_content: () => ({ content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }] }),
  test_embedded_resource: () => ({
    content: [resource('test://embedded-resource', 'This is an embedded resource content.')],
  }),
  test_multiple_content_types: () => ({
    content: [
      text('Multiple content types test:'),
      image,
      resource('test://mixed-content-resource', '{"test":"data","value":123}', 'application/json'),
    ],
  }),
  async test_tool_with_logging() {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      send({ method: 'notifications/message', params: { level: 'info', data } });
      await delay(50);
    }
    return { content: [text('Logged')] };
  },
  async test_tool_with_progress(_input, { progressToken }) {
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        send({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      await delay(50);
    }
    return { content: [text('Done')] };
  },
  test_error_handling: () => ({
    isError: true,
    content: [text('This tool intentionally returns an error for testing')],
  }),
  async test_sampling({ prompt }) {
    const messages = [user(text(String(prompt)))];
    const { content } = await ask('sampling/createMessage', { messages, maxTokens: 100 });
    return { content: [text(`LLM response: ${JSON.stringify(content)}`)] };
  },
  test_elicitation: ({ message }) =>
    elicit(String(message), { username: { type: 'string' }, email: { type: 'string' } }),
  test_elicitation_sep1034_defaults: () => elicit('Please review', defaults),
  test_elicitation_sep1330_enums: () => elicit('Please choose', enums),
  json_schema_2020_12_tool: () => ({ content: [text('ok')] }),
};
const schema2020 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
  properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
  additionalProperties: false,
};

const prompts: Readonly<Record<string, (input: Body) => object[]>> = {
  test_simple_prompt: () => [user(text('This is a simple prompt for testing.'))],
  test_prompt_with_arguments: ({ arg1, arg2 }) => [
    user(text(`Prompt with arguments: arg1='${String(arg1)}', arg2='${String(arg2)}'`)),
  ],
  test_prompt_with_embedded_resource: ({ resourceUri }) => [
    user(resource(String(resourceUri), 'Embedded resource content for testing.')),
    user(text('Please process the embedded resource above.')),
  ],
  test_prompt_with_image: () => [user(image), user(text('Please analyze the image above.'))],
};

function contentsOf(uri: string): object {
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: png };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined)
    return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  return {
    uri,
    mimeType: 'application/json',
    text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  };
}

async function resultOf(method: string, params: Body): Promise<Body> {
  const name = String(params['name']);
  const input = objectOf(params['arguments']);
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: {
          tools: {},
          resources: { subscribe: true },
          prompts: {},
          logging: {},
          completions: {},
        },
        serverInfo: { name: 'conformance', version: '1' },
      };
    case 'tools/list':
      return {
        tools: Object.keys(tools).map((tool) => ({
          name: tool,
          description: `For ${tool}`,
          inputSchema: tool.startsWith('json_schema') ? schema2020 : { type: 'object' },
        })),
      };
    case 'tools/call':
      return (await tools[name]?.(input, objectOf(params['_meta']))) ?? { isError: true, content: [] };
    case 'prompts/list':
      return {
        prompts: Object.keys(prompts).map((prompt) => ({ name: prompt, description: `For ${prompt}` })),
      };
    case 'prompts/get':
      return { messages: prompts[name]?.(input) ?? [] };
    case 'resources/list':
      return {
        resources: ['test://static-text', 'test://static-binary', 'test://watched-resource'].map((uri) => ({
          uri,
          name: uri,
          description: uri,
          mimeType: 'text/plain',
        })),
      };
    case 'resources/templates/list':
      return { resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template' }] };
    case 'resources/read':
      return { contents: [contentsOf(String(params['uri']))] };
    case 'completion/complete':
      return { completion: { values: ['paris', 'park'], total: 2, hasMore: false } };
    default:
      return {};
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result } = objectOf(JSON.parse(line));
  if (typeof method !== 'string') {
    waiting.get(String(id))?.(objectOf(result));
    return;
  }
  if (id !== undefined)
    resultOf(method, objectOf(params))
      .then((found) => send({ id, result: found }))
      .catch((error: unknown) => send({ id, error: { code: -32603, message: String(error) } }));
});
