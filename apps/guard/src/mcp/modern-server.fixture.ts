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
    server.registerTool('ask_first', { description: 'Asks, then answers' }, ({ mcpReq }) => {
      const said = mcpReq.inputResponses?.['who'];
      return said === undefined
        ? inputRequired({
            requestState: 'a mark of the server',
            inputRequests: {
              who: inputRequired.elicit({
                message: 'Who is it for?',
                requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
              }),
            },
          })
        : { content: [{ type: 'text', text: JSON.stringify({ answered: said, state: mcpReq.requestState() }) }] };
    });
    return server;
  },
  { legacy: 'reject' },
);
