import { Command, CommanderError } from 'commander';
import { messageOf } from '@sallyport/platform/errors';
import packageJson from '../package.json' with { type: 'json' };
import { ProgramEnded } from './agent/run-program.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { CliError, type CliErrorCode } from './errors.ts';
import { exitCode, exitCodeFor } from './exit-codes.ts';
import type { CliNeeds } from './needs.ts';
import { asTyped, plainText, styled } from './terminal.ts';

type AddCommand = (program: Command, needs: CliNeeds) => void;

/** Every command, by its first word: reading what only others need is most of the time of a short one. */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['agent', async (): Promise<AddCommand> => (await import('./commands/agent.ts')).addAgentCommands],
  ['send', async (): Promise<AddCommand> => (await import('./commands/send.ts')).addSendCommand],
  ['alerts', async (): Promise<AddCommand> => (await import('./commands/alerts.ts')).addAlertsCommand],
  ['search', async (): Promise<AddCommand> => (await import('./commands/search.ts')).addSearchCommand],
  ['geo', async (): Promise<AddCommand> => (await import('./commands/geo.ts')).addGeoCommands],
  ['history', async (): Promise<AddCommand> => (await import('./commands/history.ts')).addHistoryCommands],
  ['hunt', async (): Promise<AddCommand> => (await import('./commands/hunt.ts')).addHuntCommands],
  ['exceptions', async (): Promise<AddCommand> => (await import('./commands/exceptions.ts')).addExceptionCommands],
  ['rules', async (): Promise<AddCommand> => (await import('./commands/rules.ts')).addRulesCommands],
  ['coverage', async (): Promise<AddCommand> => (await import('./commands/coverage.ts')).addCoverageCommand],
  ['sigma', async (): Promise<AddCommand> => (await import('./commands/sigma-scan.ts')).addSigmaCommands],
  ['criticality', async (): Promise<AddCommand> => (await import('./commands/criticality.ts')).addCriticalityCommands],
  ['behaviour', async (): Promise<AddCommand> => (await import('./commands/behaviour.ts')).addBehaviourCommands],
  ['proof', async (): Promise<AddCommand> => (await import('./commands/proof.ts')).addProofCommands],
  ['evidence', async (): Promise<AddCommand> => (await import('./commands/evidence.ts')).addEvidenceCommands],
  ['clip', async (): Promise<AddCommand> => (await import('./commands/clip.ts')).addClipCommands],
  ['ledger', async (): Promise<AddCommand> => (await import('./commands/ledger.ts')).addLedgerCommands],
  ['key', async (): Promise<AddCommand> => (await import('./commands/keys.ts')).addKeyCommands],
  ['service', async (): Promise<AddCommand> => (await import('./commands/services.ts')).addServiceCommands],
  ['vault', async (): Promise<AddCommand> => (await import('./commands/vault.ts')).addVaultCommands],
  ['archive', async (): Promise<AddCommand> => (await import('./commands/archive.ts')).addArchiveCommands],
  ['retention', async (): Promise<AddCommand> => (await import('./commands/retention.ts')).addRetentionCommands],
  ['subject', async (): Promise<AddCommand> => (await import('./commands/subject.ts')).addSubjectCommands],
  ['inventory', async (): Promise<AddCommand> => (await import('./commands/inventory.ts')).addInventoryCommands],
  ['policy', async (): Promise<AddCommand> => (await import('./commands/policy.ts')).addPolicyCommands],
  ['privileges', async (): Promise<AddCommand> => (await import('./commands/privileges.ts')).addPrivilegeCommands],
  ['passwords', async (): Promise<AddCommand> => (await import('./commands/passwords.ts')).addPasswordCommands],
  ['passkeys', async (): Promise<AddCommand> => (await import('./commands/passkeys.ts')).addPasskeyCommands],
  [
    'certificate-authorities',
    async (): Promise<AddCommand> =>
      (await import('./commands/certificate-authorities.ts')).addCertificateAuthorityCommands,
  ],
  ['users', async (): Promise<AddCommand> => (await import('./commands/users.ts')).addUserCommands],
  ['sources', async (): Promise<AddCommand> => (await import('./commands/sources.ts')).addSourceCommands],
  ['sensors', async (): Promise<AddCommand> => (await import('./commands/sensors.ts')).addSensorCommands],
  ['devices', async (): Promise<AddCommand> => (await import('./commands/devices.ts')).addDeviceCommands],
  ['connect', async (): Promise<AddCommand> => (await import('./commands/connect.ts')).addConnectCommand],
  ['login', async (): Promise<AddCommand> => (await import('./commands/login.ts')).addLoginCommand],
  ['logout', async (): Promise<AddCommand> => (await import('./commands/login.ts')).addLogoutCommand],
  ['whoami', async (): Promise<AddCommand> => (await import('./commands/login.ts')).addWhoamiCommand],
  ['status', async (): Promise<AddCommand> => (await import('./commands/status.ts')).addStatusCommand],
]);

/** With the command of the first word alone where there is one; help, completion and what is mistyped know all of them. */
async function createProgram(needs: CliNeeds, firstWord: string | undefined): Promise<Command> {
  const wanted = commands.get(firstWord ?? '');
  const loads = wanted === undefined ? [...commands.values()] : [wanted];
  const adding = await Promise.all(loads.map((load) => load()));
  const program = new Command(plainText(needs.configuration.command))
    .description('Send events to a Sallyport server, see what it found, and check what it proves')
    .version(packageJson.version)
    // What stands behind a command is that command's: rules pack build has a --version of its own.
    .enablePositionalOptions()
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
  for (const add of adding) add(program, needs);
  if (wanted === undefined) addCompletionCommand(program, needs);
  return program;
}

/** Runs one command line (without `node` and the script) and returns the exit code. Every failure is told on stderr, never thrown. */
export async function runCli(args: readonly string[], needs: CliNeeds): Promise<number> {
  try {
    const program = await createProgram(needs, args[0]);
    await program.parseAsync(args, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    if (needs.signal.aborted) {
      needs.stderr.write('Interrupted\n');
      return exitCode.interrupted;
    }
    if (error instanceof ProgramEnded) return error.exitCode;
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
  // The label says already what could not be done.
  const message = label === 'error' ? messageOf(error) : messageOf(error).replace(/^Cannot (?:verify|prove) /, '');
  stderr.write(`${styled(stderr, 'red', label)}: ${plainText(message)}\n`);
  if (known && error.hint !== undefined) for (const line of error.hint.split('\n')) tellHint(line, needs);
  if (!known) tellHint('this is a fault in sallyport itself; set DEBUG=1 to see where', needs);
  if (configuration.debug && error instanceof Error)
    stderr.write(`${(error.stack ?? '').split('\n').map(plainText).join('\n')}\n`);
}

function tellHint(line: string, { stderr, configuration }: CliNeeds): void {
  stderr.write(`hint: ${plainText(asTyped(line, configuration.command))}\n`);
}
