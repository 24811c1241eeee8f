// A route of Fastify and nothing else, for what security adds to one: prints the port it listens on, ends with its parent.
import fastify from 'fastify';

const app = fastify();
app.get('/v1/cameras', async () => ({ cameras: [] }));
app.post('/v1/agent/hooks/claude-code', async () => ({}));
const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${address}\n`);
process.once('disconnect', () => process.exit());
