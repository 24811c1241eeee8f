import type { JsonValue } from '@sallyport/contracts';
import { Argument, type Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { jsonLine, plainText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };
type ChooseOptions = Options & { organization?: true };

const own = '/v1/account/agent-notices';
const organization = '/v1/agent/notices';
const words: Readonly<Record<string, string>> = {
  none: 'no mail',
  own: 'those about your own agents and of service accounts you answer for',
  all: 'all that you may answer',
};

/** `agent notices`: who gets mail about questions that wait. */
export function addNoticeCommands(agent: Command, needs: CliNeeds): void {
  const notices = agent.command('notices').description('mail about questions of agents that wait: who gets it');
  const add = (name: string, about: string): Command =>
    withConnection(notices.command(name)).description(about).option('--json', 'print JSON');
  const run = (options: Options, work: (client: ApiClient) => Promise<void>): Promise<void> =>
    withClient(options, needs, work);
  add('show', 'of which questions you get mail, and whether it would reach you').action((options: Options) =>
    run(options, async (client) => show(await client.json({ path: own, signal: needs.signal }), options, needs)),
  );
  add('choose', 'of which questions you get mail; goes before what the organisation says')
    .addArgument(
      new Argument('<mail>', 'none, own, all, or organization').choices(['none', 'own', 'all', 'organization']),
    )
    .option('--organization', 'for whoever chose nothing instead (settings:manage)')
    .action((mail: string, options: ChooseOptions) => run(options, (client) => choose(client, mail, options, needs)));
  add('test', 'send yourself a message, to see whether mail arrives').action((options: Options) =>
    run(options, (client) => tryOut(client, options, needs)),
  );
}

function show(said: JsonValue, { json }: Options, { stdout }: CliNeeds): void {
  if (json === true) {
    stdout.write(`${jsonLine(said)}\n`);
    return;
  }
  const mail = textField(said, 'mail') ?? '';
  const others = textField(said, 'organization') ?? 'none';
  const effective = mail === 'organization' ? others : mail;
  stdout.write(
    `Mail: ${words[effective] ?? plainText(effective)}${mail === 'organization' ? ', as the organisation says' : ''}\n`,
  );
  const reach = textField(said, 'reach');
  if (effective !== 'none' && reach === 'no-mail') stdout.write('None leaves yet: e-mail is not set up here\n');
  if (effective !== 'none' && reach === 'no-address')
    stdout.write('None reaches you: you have no e-mail address here\n');
}

async function choose(client: ApiClient, mail: string, options: ChooseOptions, needs: CliNeeds): Promise<void> {
  const isForOthers = options.organization === true;
  if (isForOthers && mail === 'organization')
    throw new CliError('usage', 'Cannot choose "organization" for the organisation: must be none, own or all');
  const said = await client.json({
    method: 'PUT',
    path: isForOthers ? organization : own,
    signal: needs.signal,
    ...jsonBody({ mail }),
  });
  if (!isForOthers) show(said, options, needs);
  else
    needs.stdout.write(
      options.json === true ? `${jsonLine(said)}\n` : `Whoever chose nothing gets mail: ${words[mail] ?? mail}\n`,
    );
}

/** Exit code 1 where nothing was sent. */
async function tryOut(client: ApiClient, options: Options, needs: CliNeeds): Promise<void> {
  const said = await client.json({ method: 'POST', path: `${own}/test`, signal: needs.signal, ...jsonBody({}) });
  const outcome = textField(said, 'outcome') ?? '';
  if (options.json === true) needs.stdout.write(`${jsonLine(said)}\n`);
  if (outcome !== 'sent')
    throw new CliError('request_refused', `Cannot send a test: ${reasons[outcome] ?? plainText(outcome)}`);
  if (options.json !== true)
    needs.stdout.write(`Sent to ${plainText(textField(said, 'to') ?? '')}: see whether it is there\n`);
}

const reasons: Readonly<Record<string, string>> = {
  'no-mail': 'e-mail is not set up here, or off',
  'no-address': 'you have no e-mail address here (Settings, Account)',
  'not-taken': 'the mail server did not take it; the log of the server says why',
};
