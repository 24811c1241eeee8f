#!/usr/bin/env node
// What a harness starts for each of its hooks: hands the hook to the server and the answer back. It starts with every call of every tool,
// so it loads nothing but Node's own client; the gateway for MCP is loaded where it is asked for.
import { answerHook } from './answer-hook.ts';
import { environment } from './config.ts';

const args = process.argv.slice(2);
if (args[0] === 'mcp' || args[0] === 'pins') {
  const { runGatewayCommand } = await import('./mcp/gateway-command.ts');
  process.exitCode = await runGatewayCommand(args, environment);
  // Whoever started us may keep its end open.
  process.stdin.destroy();
} else await answerOneHook();

async function answerOneHook(): Promise<void> {
  try {
    const chunks: Buffer[] = [];
    const input: AsyncIterable<Buffer> = process.stdin;
    for await (const chunk of input) chunks.push(chunk);
    const answer = await answerHook({ args, environment, hook: Buffer.concat(chunks) });
    process.stdout.write(answer.stdout);
    // Where nothing stands here, some harnesses take exit code 2 for a yes.
    process.stderr.write(answer.stderr);
    process.exitCode = answer.exitCode;
  } catch (error) {
    process.stderr.write(`Sallyport: the hook cannot be read (${String(error)})\n`);
    process.exitCode = 2;
  }
}
