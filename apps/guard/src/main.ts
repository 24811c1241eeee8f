#!/usr/bin/env node
// What a harness starts for each of its hooks: hands the hook to the server and the answer back. It starts with every call of every tool,
// so it loads nothing but Node's own client.
import { answerHook } from './answer-hook.ts';
import { environment } from './config.ts';

try {
  const chunks: Buffer[] = [];
  const input: AsyncIterable<Buffer> = process.stdin;
  for await (const chunk of input) chunks.push(chunk);
  const answer = await answerHook({ args: process.argv.slice(2), environment, hook: Buffer.concat(chunks) });
  process.stdout.write(answer.stdout);
  // Where nothing stands here, some harnesses take exit code 2 for a yes.
  process.stderr.write(answer.stderr);
  process.exitCode = answer.exitCode;
} catch (error) {
  process.stderr.write(`Sallyport: the hook cannot be read (${String(error)})\n`);
  process.exitCode = 2;
}
