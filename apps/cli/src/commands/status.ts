import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { addressOf } from '../http-client.ts';
import { textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { reportStatus } from '../status-report.ts';
import { jsonLine, plainText, shortText, styled } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';

export function addStatusCommand(program: Command, needs: CliNeeds): void {
  withConnection(program.command('status'))
    .description('print how the server is; exit code 1 when it is not well')
    .option('--json', 'print everything the server tells of itself, as JSON')
    .action((options: ConnectionOptions & { json?: true }) => status(options, needs));
}

async function status(options: ConnectionOptions & { json?: true }, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  const client = openClient(options, needs);
  try {
    const health = await client.json({ path: '/v1/health', signal: needs.signal });
    const { problems, warnings, notes, lines } = reportStatus(health);
    if (options.json === true) stdout.write(`${jsonLine(health)}\n`);
    else {
      const address = plainText(addressOf(client.destination));
      const version = shortText(textField(health, 'version') ?? '', 20);
      const verdict =
        problems.length > 0
          ? styled(stdout, 'red', '✘ not well')
          : warnings.length > 0
            ? styled(stdout, 'yellow', '! needs a look')
            : styled(stdout, 'green', '✔ ok');
      stdout.write(`${verdict}  Sallyport${version === '' ? '' : ` ${version}`} at ${address}\n`);
      for (const problem of problems)
        stdout.write(`  ${styled(stdout, 'red', 'problem')}    ${shortText(problem, 300)}\n`);
      for (const warning of warnings)
        stdout.write(`  ${styled(stdout, 'yellow', 'warning')}    ${shortText(warning, 300)}\n`);
      for (const note of notes) stdout.write(`  ${styled(stdout, 'yellow', 'note')}       ${shortText(note, 300)}\n`);
      for (const [name, value] of lines) stdout.write(`  ${name.padEnd(9)}  ${shortText(value, 200)}\n`);
    }
    if (problems.length > 0) {
      throw new CliError('request_refused', `The server is not well: ${problems.join('; ')}`, {
        hint: 'see what npm start printed, or the log of the service',
      });
    }
  } finally {
    client.close();
  }
}
