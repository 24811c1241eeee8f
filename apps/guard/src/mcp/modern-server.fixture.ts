// A server of 2026-07-28 alone, as the protocol's own SDK makes them.
import { fromJsonSchema, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const numbers = fromJsonSchema<{ a: number; b: number }>({
  type: 'object',
  properties: { a: { type: 'number' }, b: { type: 'number' } },
  required: ['a', 'b'],
});

serveStdio(
  () => {
    const server = new McpServer({ name: 'modern', version: '1' });
    server.registerTool('add', { description: 'Adds two numbers', inputSchema: numbers }, ({ a, b }) => ({
      content: [{ type: 'text', text: String(a + b) }],
    }));
    // The SDK refuses to ask whom does not say that it can be asked; this asks all the same.
    server.registerTool('ask_first', { description: 'Asks, then answers' }, () =>
      inputRequired({ requestState: 'a mark of the server' }),
    );
    return server;
  },
  { legacy: 'reject' },
);
