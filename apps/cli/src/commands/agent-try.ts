import type { JsonValue } from '@sallyport/contracts';
import { Option, type Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, timeText } from '../terminal.ts';
import { refuseReplayed, type FailOn } from './agent-policy-replay.ts';
import { agentPacks } from './agent-replay.ts';
import { withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & { json?: true; pack: string; last: number; failOn?: FailOn };

const rank: Readonly<Record<string, number>> = { allow: 2, ask: 1, deny: 0 };

/** `agent try`: what another pack would have said of the last calls of an agent, before it is changed. */
export function addAgentTryCommand(agent: Command, needs: CliNeeds): void {
  withConnection(agent.command('try'))
    .description('which of its last calls an agent would be answered otherwise under another pack (agents:read)')
    .argument('<agent>', 'its id')
    .addOption(new Option('--pack <name>', 'policies').choices(agentPacks()).makeOptionMandatory())
    .option('--last <calls>', 'how many calls', wholeNumber(1, 5000), 1000)
    .addOption(
      new Option(
        '--fail-on <what>',
        'exit code 1 where calls would be let through sooner, or judged otherwise at all',
      ).choices(['looser', 'different']),
    )
    .option('--json', 'print JSON')
    .action((id: string, options: Options) =>
      withClient(options, needs, async (client) => {
        const found = await client.json({
          path: `/v1/agents/${encodeURIComponent(id)}/replay`,
          query: { pack: options.pack, last: options.last },
          signal: needs.signal,
        });
        show(found, options, needs);
        if ((numberField(found, 'calls') ?? 0) === 0)
          needs.stderr.write('It made no call yet that was recorded: this proves nothing\n');
        const differences = listField(found, 'differences');
        const looser = differences
          .filter(isLooser)
          .reduce<number>((sum, one) => sum + (numberField(one, 'calls') ?? 0), 0);
        if (options.failOn === 'looser' && looser === 0 && field(found, 'partly') === true)
          throw new CliError(
            'not_verified',
            'Cannot tell whether a call would be let through sooner: there are too many kinds',
            {
              hint: 'look at fewer calls: --last',
            },
          );
        refuseReplayed({ different: numberField(found, 'different') ?? 0, looser }, options.failOn);
      }),
    );
}

function show(found: JsonValue, { json }: Options, { stdout }: CliNeeds): void {
  if (json === true) {
    stdout.write(`${jsonLine(found)}\n`);
    return;
  }
  const of = (name: string): number => numberField(found, name) ?? 0;
  stdout.write(
    `${of('different')} of the last ${counted(of('calls') - of('untold'), 'call')} would have been answered otherwise\n`,
  );
  if (of('untold') > 0) stdout.write(`${of('untold')} more cannot be judged again\n`);
  for (const one of listField(found, 'differences')) {
    const said = (name: string): string => plainText(textField(one, name) ?? '');
    const people = numberField(one, 'people') === 2 ? ' of two people' : '';
    stdout.write(
      `${said('was')} → ${said('would')}${people}  ${said('tool')}, ${said('action')}  ${counted(numberField(one, 'calls') ?? 0, 'call')}, last ${timeText(numberField(one, 'last_ms') ?? 0)} (${said('position')}): ${said('reason')}\n`,
    );
  }
  if (field(found, 'partly') === true) stdout.write('There are more kinds than these\n');
}

function isLooser(one: JsonValue): boolean {
  return (rank[textField(one, 'would') ?? ''] ?? 0) > (rank[textField(one, 'was') ?? ''] ?? 0);
}
