import { Option, type Command } from 'commander';
import type { CliNeeds } from '../needs.ts';
import { addAgentPolicyDocumentCommands } from './agent-policy-documents.ts';
import { listAgentPolicies } from './agent-policy-list.ts';
import { replayAgentPolicies, type ReplayOptions } from './agent-policy-replay.ts';
import {
  differences,
  prospect,
  stage,
  step,
  withdraw,
  type StageOptions,
  type VersionOptions,
} from './agent-policy-versions.ts';
import { agentPolicyFileWords, readAgentPolicyFile } from './agent-policy-file.ts';
import { withClient, withConnection } from './connection.ts';
import { wholeNumber } from './option-values.ts';
import type { Asked } from './policy-past.ts';

const number = wholeNumber(1, 1_000_000_000);
const numberOrNone = wholeNumber(0, 1_000_000_000);

/** `sallyport agent policies`: the organisation's own, beside the pack each agent has. */
export function addAgentPolicyCommands(agent: Command, needs: CliNeeds): void {
  const policies = agent
    .command('policies')
    .description('policies of your own beside the pack each agent has: tests, replay, versions');
  const add = (name: string, words: string): Command =>
    withConnection(policies.command(name)).description(words).option('--json', 'print JSON');
  const replaying = (command: Command): Command =>
    command
      .option('--last <calls>', 'how many calls', wholeNumber(1, 5000), 2000)
      .addOption(
        new Option(
          '--fail-on <what>',
          'exit code 1 where calls would be let through sooner, or judged otherwise at all',
        ).choices(['looser', 'different']),
      );
  const run = (options: VersionOptions, work: (asked: Asked) => Promise<void>): Promise<void> =>
    withClient(options, needs, (client) => work({ client, needs }));

  add('list', 'what is in force, its versions, and the documents as they are being written (agents:read)').action(
    (options: VersionOptions) => run(options, (asked) => listAgentPolicies(asked, options)),
  );
  addAgentPolicyDocumentCommands(add, needs);
  replaying(
    add('try', 'which calls of agents would be judged otherwise with a document; nothing is kept (agents:manage)'),
  )
    .argument('<file>', agentPolicyFileWords)
    .action((file: string, options: ReplayOptions) =>
      run(options, async (asked) => {
        const { id, draft } = await readAgentPolicyFile(file);
        await replayAgentPolicies(asked, { draft: { id, draft }, last: options.last }, options);
      }),
    );
  add('stage', 'make a version of the documents as they are: every test must hold (agents:manage)')
    .option('--note <text>', 'what was changed, for those who come later')
    .action((options: StageOptions) => run(options, (asked) => stage(asked, { note: options.note ?? '' }, options)));
  add('diff', 'what differs between two versions, line by line (agents:read)')
    .argument('[from]', 'the earlier one; 0: none; left out: what is in force', numberOrNone)
    .argument('[to]', 'the later one; left out: the documents as they are', numberOrNone)
    .action((from: number | undefined, to: number | undefined, options: VersionOptions) =>
      run(options, (asked) => differences(asked, { from, to }, options)),
    );
  add('prospect', 'what a version may let through, and who may not approve it (agents:read)')
    .argument('<version>', 'its number', number)
    .action((version: number, options: VersionOptions) => run(options, (asked) => prospect(asked, version, options)));
  replaying(
    add('replay', 'which calls of agents a version would judge otherwise; it must be replayed before it is in force'),
  )
    .argument('<version>', 'its number', number)
    .action((version: number, options: ReplayOptions) =>
      run(options, (asked) => replayAgentPolicies(asked, { version, last: options.last }, options)),
    );
  add('activate', 'put a version into force at once for all runs; it may have to wait for somebody else')
    .argument('<version>', 'its number', number)
    .action((version: number, options: VersionOptions) =>
      run(options, (asked) => step(asked, { version, name: 'activate' }, options)),
    );
  add('approve', 'put a version that waits into force, as somebody else')
    .argument('<version>', 'its number', number)
    .action((version: number, options: VersionOptions) =>
      run(options, (asked) => step(asked, { version, name: 'approve' }, options)),
    );
  add('withdraw', 'say that a version that is staged or waits never comes into force (agents:manage)')
    .argument('<version>', 'its number', number)
    .action((version: number, options: VersionOptions) => run(options, (asked) => withdraw(asked, version, options)));
  add('rollback', 'make a version of an earlier one’s documents, to replay and put into force')
    .argument('<version>', 'the earlier one', number)
    .action((version: number, options: VersionOptions) =>
      run(options, (asked) => stage(asked, { note: `Back to version ${version}`, from: version }, options)),
    );
}
