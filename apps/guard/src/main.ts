#!/usr/bin/env node
// What a harness starts for each of its hooks: hands the hook to the server and the answer back. It starts with every call of every tool,
// so it loads nothing but a socket; the gateway for MCP is a file of its own, loaded where it is asked for.
import { answerHook, maxHookBytes } from './answer-hook.ts';
import { environment } from './config.ts';
import { readInput, writeOutput } from './standard-streams.ts';

const args = process.argv.slice(2);
if (args[0] === 'mcp' || args[0] === 'pins') {
  try {
    const { runGatewayCommand } = await import('./mcp/gateway-command.ts');
    process.exitCode = await runGatewayCommand(args, environment);
    // Whoever started us may keep its end open.
    process.stdin.destroy();
  } catch (error) {
    if (!isMissing(error)) throw error;
    await writeOutput('stderr', `Sallyport: "sallyport-guard-mcp.mjs" must be beside this program\n`);
    process.exitCode = 2;
  }
} else if (args[0] === 'telemetry') process.exit(await writeTelemetryHeaders(args[1] ?? ''));
else process.exit(await answerOneHook());

/** What Claude Code asks for as `otelHeadersHelper`; asked again later where there is no run yet. */
async function writeTelemetryHeaders(harness: string): Promise<0 | 1> {
  const { telemetryHeaders } = await import('./telemetry-headers.ts');
  const headers = await telemetryHeaders(environment, harness);
  await writeOutput('stdout', headers ?? '');
  return headers === undefined ? 1 : 0;
}

async function answerOneHook(): Promise<0 | 2> {
  try {
    const answer = await answerHook({ args, environment, hook: await readInput(maxHookBytes) });
    await writeOutput('stdout', answer.stdout);
    // Where nothing stands here, some harnesses take exit code 2 for a yes.
    await writeOutput('stderr', answer.stderr);
    return answer.exitCode;
  } catch (error) {
    await writeOutput('stderr', `Sallyport: the hook cannot be answered (${String(error)})\n`).catch(() => undefined);
    return 2;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
