import { Option, type Command } from 'commander';
import type { CliNeeds } from '../needs.ts';
import { agentPacks, replaySuites, type ReplayOptions } from './agent-replay.ts';

export function addAgentCommands(program: Command, needs: CliNeeds): void {
  const agent = program.command('agent').description('AI agents: what a pack of policies would have said');
  agent
    .command('replay')
    .description('play recorded tasks, and what attackers would slip into them, through a pack of policies; offline')
    .requiredOption('--suite <file>', 'JSON with suites of tools, user tasks and injections')
    .addOption(new Option('--pack <name>', 'policies').choices(agentPacks()).default('developer'))
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--part <k/n>', 'only the tasks at every n-th position, from the k-th: halves to tune on and to hold out')
    .option(
      '--explain <task>',
      'each call of a task with its verdict and reason: TASK, SUITE/TASK or SUITE/TASK+INJECTION',
    )
    .action((options: ReplayOptions) => replaySuites(options, needs));
}
