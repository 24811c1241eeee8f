import { Argument, Option, type Command } from 'commander';
import { scopes, settableHarnesses, type SettableHarness } from '../agent/harness-settings.ts';
import type { CliNeeds } from '../needs.ts';
import { agentPacks, replaySuites, type ReplayOptions } from './agent-replay.ts';
import { addAgentCoverageCommand } from './agent-coverage.ts';
import { addApprovalCommands } from './agent-approvals.ts';
import { beginForGuard, type AgentBeginOptions } from './agent-begin.ts';
import { showMachine, type MachineOptions } from './agent-machine.ts';
import { addNoticeCommands } from './agent-notices.ts';
import { addProposalCommands } from './agent-proposals.ts';
import { addStopCommands } from './agent-stops.ts';
import { addAgentTryCommand } from './agent-try.ts';
import { showTimeline, type TimelineOptions } from './agent-timeline.ts';
import { wholeNumber } from './option-values.ts';
import { importPermissions, type AgentImportOptions } from './agent-import.ts';
import { addAgentPolicyCommands } from './agent-policies.ts';
import { addAgentServerCommands } from './agent-servers.ts';
import { runAgent, type AgentRunOptions } from './agent-run.ts';
import {
  changeAgent,
  listAgents,
  listSessions,
  stopAgents,
  type AgentChangeOptions,
  type AgentListOptions,
  type AgentStopOptions,
} from './agent-sessions.ts';
import { listHarnesses, setUpHarness, type AgentSetupOptions } from './agent-setup.ts';
import { verifySignedLog, type AgentVerifyLogOptions } from './agent-verify-log.ts';
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
  withConnection(agent.command('begin'))
    .description('begin a run and print its credential: what sallyport-guard does for an agent nobody started with run')
    .argument('<harness>', 'whose hooks it speaks')
    .option('--name <name>', 'what to call the agent; its harness and this host otherwise')
    .option('--resumed', 'its conversation goes on from before: what is in it counts as words of others')
    .action((harness: string, options: AgentBeginOptions) =>
      withClient(options, needs, (client) => beginForGuard(client, harness, options, needs)),
    );
  agent
    .command('import')
    .description('compare what a harness’s own files let its tools do with a pack, and draft policies of it; offline')
    .argument(
      '<file...>',
      'settings.json of Claude Code or Gemini CLI, config.toml or .rules of Codex, cli-config.json of Cursor',
    )
    .addOption(new Option('--pack <name>', 'policies').choices(agentPacks()).default('developer'))
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json', 'cedar']).default('text'))
    .action((files: string[], options: AgentImportOptions) => importPermissions(files, options, needs));
  agent
    .command('verify-log')
    .description('check a log of JSON lines that some other program signed with an HMAC in each, and its key; offline')
    .argument('<file>', 'the log')
    .requiredOption('--key-file <file>', 'the key it was signed with, in hexadecimal or as it is')
    .action((file: string, options: AgentVerifyLogOptions) => verifySignedLog(file, options, needs));
  withConnection(agent.command('setup'))
    .description('the settings by which a harness asks before its tools run: shows the change, writes it, and tries it')
    .addArgument(new Argument('[harness]', 'which; without one, those found here').choices(settableHarnesses))
    .addOption(new Option('--scope <scope>', 'whose settings').choices(scopes).default('user'))
    .option('--guard <file>', 'how sallyport-guard is started, where the harness starts a program', 'sallyport-guard')
    .option('--shim', 'let Claude Code start sallyport-guard too: then no agent run is needed once you are signed in')
    .option('--fail-open', 'let agents go on while the server cannot be asked')
    .option('--for-version <version>', 'of another version of the harness than the one found here')
    .option('--file <file>', 'another file than the harness’s own')
    .option('--json', 'print the whole settings, not the change')
    .option('--write', 'write the file, what stood there is kept beside it; then try it')
    .option('--yes', 'put its MCP servers behind the gateway without asking, where --write writes')
    .option('--no-wrap', 'leave its MCP servers as they are, and say nothing of them')
    .option('--no-test', 'do not try what was written')
    .option('--test-only', 'change nothing, try what stands there')
    .action((harness: SettableHarness | undefined, options: AgentSetupOptions) =>
      harness === undefined ? listHarnesses(options, needs) : setUpHarness(harness, options, needs),
    );
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
    .option('--agent <id>', 'of this agent; with --all')
    .option('--limit <count>', 'the newest so many', wholeNumber(1, 500), 100)
    .action((options: AgentListOptions) =>
      withClient(options, needs, (client) => listSessions(client, options, needs)),
    );
  withConnection(agent.command('timeline'))
    .description('what a run did, the oldest first, with what was decided and why (events:read)')
    .argument('<session>', 'its id')
    .option('--last <steps>', 'how many of its last steps', wholeNumber(1, 10_000), 200)
    .option('--json', 'print JSON')
    .action((session: string, options: TimelineOptions) =>
      withClient(options, needs, (client) => showTimeline(client, session, options, needs)),
    );
  withConnection(agent.command('change'))
    .description('choose by which policies an agent is judged, and where its person is asked (agents:manage)')
    .argument('<agent>', 'its id')
    .addOption(new Option('--pack <name>', 'policies').choices(agentPacks()))
    .addOption(new Option('--approvals <where>', 'where a person is asked').choices(['auto', 'central', 'off']))
    .option('--json', 'print JSON')
    .action((id: string, options: AgentChangeOptions) =>
      withClient(options, needs, (client) => changeAgent(client, id, options, needs)),
    );
  withConnection(agent.command('machine'))
    .description(
      'what the server makes of this machine, and whether its sensor proves it: exit code 1 where it does not',
    )
    .option('--json', 'print JSON')
    .action((options: MachineOptions) => withClient(options, needs, (client) => showMachine(client, options, needs)));
  addApprovalCommands(agent, needs);
  addNoticeCommands(agent, needs);
  addProposalCommands(agent, needs);
  withConnection(agent.command('stop'))
    .description('stop agents at once, until somebody lifts it (agents:stop)')
    .addArgument(new Argument('<scope>', 'what').choices(['session', 'agent', 'person', 'model', 'all']))
    .argument('[value]', 'id of the session, agent or person; name of the model', '')
    .option('--reason <text>', 'why; the agent and its person read it', '')
    .option('--json', 'print JSON')
    .action((scope: string, value: string, options: AgentStopOptions) =>
      withClient(options, needs, (client) => stopAgents(client, { scope, value }, options, needs)),
    );
  addStopCommands(agent, needs);
  addAgentCoverageCommand(agent, needs);
  addAgentTryCommand(agent, needs);
  addAgentPolicyCommands(agent, needs);
  addAgentServerCommands(agent, needs);
}
