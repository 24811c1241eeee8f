import { runGateway } from './gateway.ts';
import { usage } from './options.ts';
import { plainLine } from './plain-line.ts';
import { runSignIns } from './sign-in/sign-in-command.ts';
import { runPins } from './pins-command.ts';
import { runWrap } from './wrap.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `sallyport-guard mcp …` and `sallyport-guard pins …`. Gives the exit code; never throws. */
export async function runGatewayCommand(args: readonly string[], environment: Environment): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'pins') return runPins(rest, { write });
  if (command === 'mcp' && rest[0] === 'wrap') return runWrap(rest.slice(1), write);
  if (command === 'mcp' && ['sign-in', 'sign-out', 'sign-ins'].includes(rest[0] ?? ''))
    return runSignIns(rest, { environment, write });
  if (command === 'mcp' && rest.length > 0) return runGateway(rest, environment);
  process.stderr.write(usage);
  return 2;
}

/** What servers say of themselves must not move the terminal. */
function write(line: string): void {
  process.stdout.write(`${plainLine(line)}\n`);
}
