import { Argument, Option, type Command } from 'commander';
import { scopes, settableHarnesses, type SettableHarness } from '../agent/harness-settings.ts';
import type { CliNeeds } from '../needs.ts';
import { agentPacks, replaySuites, type ReplayOptions } from './agent-replay.ts';
import { runAgent, type AgentRunOptions } from './agent-run.ts';
import {
  listAgents,
  listSessions,
  stopAgents,
  type AgentListOptions,
  type AgentStopOptions,
} from './agent-sessions.ts';
import { setUpHarness, type AgentSetupOptions } from './agent-setup.ts';
import { withClient, withConnection } from './connection.ts';

export function addAgentCommands(program: Command, needs: CliNeeds): void {
  const agent = program
    .command('agent')
    .description('AI agents: run them watched, see and stop them, try policies on what was recorded');
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
  withConnection(agent.command('run'))
    .description('run an agent as one of yours: it gets a credential for this run, and is judged by its policies')
    .argument('<program...>', 'after --, with its arguments: -- claude')
    .option('--name <name>', 'what to call the agent; its harness and this host otherwise')
    .option('--harness <name>', 'whose hooks it speaks; by the name of the program otherwise')
    .option('--unattended', 'nobody sits here who could be asked')
    .action((command: string[], options: AgentRunOptions) => runAgent(command, options, needs));
  agent
    .command('setup')
    .description('the settings by which a harness asks before its tools run; shows them, or writes them')
    .addArgument(new Argument('<harness>', 'which').choices(settableHarnesses))
    .addOption(new Option('--scope <scope>', 'whose settings').choices(scopes).default('user'))
    .option('--server <url>', 'where hooks reach the server (SALLYPORT_SERVER, else as saved by connect)')
    .option('--guard <file>', 'how sallyport-guard is started, where the harness starts a program', 'sallyport-guard')
    .option('--fail-open', 'let agents go on while the server cannot be asked')
    .option('--file <file>', 'another file than the harness’s own')
    .option('--write', 'write the file; what stood there is kept beside it')
    .action((harness: SettableHarness, options: AgentSetupOptions) => setUpHarness(harness, options, needs));
  const listed = (name: string, words: string): Command =>
    withConnection(agent.command(name))
      .description(words)
      .option('--all', 'everybody’s (agents:read)')
      .option('--json', 'print JSON');
  listed('list', 'your agents, and the policies they are judged by').action((options: AgentListOptions) =>
    withClient(options, needs, (client) => listAgents(client, options, needs)),
  );
  listed('sessions', 'runs of your agents, newest first')
    .option('--open', 'those that go on')
    .action((options: AgentListOptions) =>
      withClient(options, needs, (client) => listSessions(client, options, needs)),
    );
  withConnection(agent.command('stop'))
    .description('stop agents at once, until somebody lifts it (agents:stop)')
    .addArgument(new Argument('<scope>', 'what').choices(['session', 'agent', 'person', 'model', 'all']))
    .argument('[value]', 'id of the session, agent or person; name of the model', '')
    .option('--reason <text>', 'why; the agent and its person read it', '')
    .option('--json', 'print JSON')
    .action((scope: string, value: string, options: AgentStopOptions) =>
      withClient(options, needs, (client) => stopAgents(client, { scope, value }, options, needs)),
    );
}
