import { Command, CommanderError } from 'commander';
import { messageOf } from '@sallyport/platform/errors';
import packageJson from '../package.json' with { type: 'json' };
import { addAlertsCommand } from './commands/alerts.ts';
import { addArchiveCommands } from './commands/archive.ts';
import { addClipCommands } from './commands/clip.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConnectCommand } from './commands/connect.ts';
import { addEvidenceCommands } from './commands/evidence.ts';
import { addHistoryCommands } from './commands/history.ts';
import { addInventoryCommands } from './commands/inventory.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addLedgerCommands } from './commands/ledger.ts';
import { addProofCommands } from './commands/proof.ts';
import { addSearchCommand } from './commands/search.ts';
import { addSendCommand } from './commands/send.ts';
import { addDeviceCommands } from './commands/devices.ts';
import { addSensorCommands } from './commands/sensors.ts';
import { addSigmaCommands } from './commands/sigma-scan.ts';
import { addSourceCommands } from './commands/sources.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUserCommands } from './commands/users.ts';
import { addRetentionCommands } from './commands/retention.ts';
import { addSubjectCommands } from './commands/subject.ts';
import { addVaultCommands } from './commands/vault.ts';
import { CliError, type CliErrorCode } from './errors.ts';
import { exitCode, exitCodeFor } from './exit-codes.ts';
import type { CliNeeds } from './needs.ts';
import { asTyped, plainText, styled } from './terminal.ts';

function createProgram(needs: CliNeeds): Command {
  const program = new Command(plainText(needs.configuration.command))
    .description('Send events to a Sallyport server, see what it found, and check what it proves')
    .version(packageJson.version)
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nExit codes: 0 done · 1 failed or not verified · 2 wrong usage · 3 server not reached · 4 access refused · 5 not proven: no key given · 130 interrupted' +
        `\n${asTyped('sallyport witness', needs.configuration.command)} is a program of its own: a witness of somebody's ledger, in a checkout or as sallyport-witness.mjs (docs/witness.md)` +
        '\nEvery command with examples: docs/cli.md',
    )
    .configureOutput({
      writeOut: (text) => needs.stdout.write(text),
      writeErr: (text) => needs.stderr.write(text),
      outputError: (text, write) => write(`${text.trimEnd().split('\n').map(plainText).join('\n')}\n`),
    });
  // Subcommands take these settings over when they are made, so they come after them.
  addSendCommand(program, needs);
  addAlertsCommand(program, needs);
  addSearchCommand(program, needs);
  addHistoryCommands(program, needs);
  addSigmaCommands(program, needs);
  addProofCommands(program, needs);
  addEvidenceCommands(program, needs);
  addClipCommands(program, needs);
  addLedgerCommands(program, needs);
  addKeyCommands(program, needs);
  addVaultCommands(program, needs);
  addArchiveCommands(program, needs);
  addRetentionCommands(program, needs);
  addSubjectCommands(program, needs);
  addInventoryCommands(program, needs);
  addUserCommands(program, needs);
  addSourceCommands(program, needs);
  addSensorCommands(program, needs);
  addDeviceCommands(program, needs);
  addConnectCommand(program, needs);
  addStatusCommand(program, needs);
  addCompletionCommand(program, needs);
  return program;
}

/** Runs one command line (without `node` and the script) and returns the exit code. Every failure is told on stderr, never thrown. */
export async function runCli(args: readonly string[], needs: CliNeeds): Promise<number> {
  try {
    await createProgram(needs).parseAsync(args, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    if (needs.signal.aborted) {
      needs.stderr.write('Interrupted\n');
      return exitCode.interrupted;
    }
    if (error instanceof CommanderError) return commanderExit(error, needs);
    tell(error, needs);
    return exitCodeFor(error);
  }
}

/** commander has printed its message already; asking for help or the version is no error. */
function commanderExit(error: CommanderError, needs: CliNeeds): number {
  if (error.exitCode === 0) return exitCode.ok;
  if (error.code !== 'commander.help') tellHint('sallyport help COMMAND tells what a command takes', needs);
  return exitCode.usage;
}

const labels: Partial<Record<CliErrorCode, string>> = {
  not_verified: 'does not verify',
  not_proven: 'not proven',
};

function tell(error: unknown, needs: CliNeeds): void {
  const { stderr, configuration } = needs;
  const known = error instanceof CliError;
  const label = (known ? labels[error.code] : undefined) ?? 'error';
  stderr.write(`${styled(stderr, 'red', label)}: ${plainText(messageOf(error))}\n`);
  if (known && error.hint !== undefined) for (const line of error.hint.split('\n')) tellHint(line, needs);
  if (!known) tellHint('this is a fault in sallyport itself; set DEBUG=1 to see where', needs);
  if (configuration.debug && error instanceof Error)
    stderr.write(`${(error.stack ?? '').split('\n').map(plainText).join('\n')}\n`);
}

function tellHint(line: string, { stderr, configuration }: CliNeeds): void {
  stderr.write(`hint: ${plainText(asTyped(line, configuration.command))}\n`);
}
