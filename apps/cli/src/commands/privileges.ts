import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, shortText, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & { json?: true };
type ListOptions = Options & { all?: true; inbox?: true };
type RequestOptions = Options & { minutes: number; reason: string; site?: string; actions?: string };
type NoteOptions = Options & { note: string };

const path = '/v1/privileges/requests';

/** `privileges`: rights beyond one's own, for a time. */
export function addPrivilegeCommands(program: Command, needs: CliNeeds): void {
  const privileges = program.command('privileges').description('rights beyond one’s own, for a time');
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');

  add(privileges.command('list'))
    .description('list requests, the newest first, with how they stand')
    .option('--all', 'everybody’s (scope users:read)')
    .option('--inbox', 'what waits for your decision')
    .action((options: ListOptions) => withClient(options, needs, (client) => list(client, options, needs)));
  add(privileges.command('request'))
    .description('ask for a role for a time')
    .argument('<role>', 'such as analyst')
    .option('--minutes <count>', 'how long', wholeNumber(15, 720), 60)
    .requiredOption('--reason <text>', 'why; whoever approves reads it')
    .option('--site <name>', 'at this site alone')
    .option('--actions <list>', 'these of what the role brings alone, separated by commas: cameras:export')
    .action((role: string, options: RequestOptions) =>
      withClient(options, needs, async (client) => {
        const actions = options.actions?.split(/[,\s]+/).filter((action) => action !== '');
        const { minutes, reason, site } = options;
        const part = { ...(site === undefined ? {} : { site }), ...(actions === undefined ? {} : { actions }) };
        const body = { role, minutes, reason, ...part };
        tell(await client.json({ path, signal: needs.signal, method: 'POST', ...jsonBody(body) }), options, needs);
      }),
    );
  const acts = [
    ['approve', 'approve', 'say yes to somebody else’s request'],
    ['deny', 'deny', 'say no to a request; to your own: take it back'],
    ['revoke', 'end', 'end a grant that is in use'],
  ] as const;
  for (const [name, action, words] of acts)
    add(privileges.command(name))
      .description(words)
      .argument('<request>', 'its id')
      .option('--note <text>', 'a word to whoever asked', '')
      .action((id: string, options: NoteOptions) =>
        withClient(options, needs, async (client) =>
          tell(await act(client, { id, action, note: options.note }, needs), options, needs),
        ),
      );
}

async function act(
  client: ApiClient,
  { id, action, note }: { readonly id: string; readonly action: 'approve' | 'deny' | 'end'; readonly note: string },
  needs: CliNeeds,
): Promise<JsonValue> {
  const one = `${path}/${encodeURIComponent(id)}`;
  const send = (what: string): Promise<JsonValue> =>
    client.json({ path: `${one}/${what}`, signal: needs.signal, method: 'POST', ...jsonBody({ note }) });
  if (action !== 'deny') return send(action);
  const own = listField(await client.json({ path, query: { view: 'mine' }, signal: needs.signal }), 'requests');
  return send(own.some((request) => textField(request, 'id') === id) ? 'withdraw' : 'deny');
}

async function list(client: ApiClient, options: ListOptions, needs: CliNeeds): Promise<void> {
  if (options.all === true && options.inbox === true)
    throw new CliError('usage', 'Cannot list both: must be --all or --inbox');
  const view = options.all === true ? 'all' : options.inbox === true ? 'inbox' : 'mine';
  const requests = listField(await client.json({ path, query: { view }, signal: needs.signal }), 'requests');
  for (const request of requests) tell(request, options, needs);
  if (options.json !== true) needs.stderr.write(`${counted(requests.length, 'request')}\n`);
}

function tell(request: JsonValue, options: Options, needs: CliNeeds): void {
  needs.stdout.write(options.json === true ? `${jsonLine(request)}\n` : `${rowOf(request)}\n`);
}

/** What is given: a role, or how much of it. */
function partOf(request: JsonValue): string {
  const site = textField(request, 'site');
  const actions = listField(request, 'actions').filter((action) => typeof action === 'string');
  const role = textField(request, 'role') ?? '';
  return `${actions.length === 0 ? role : `${actions.join(' ')} of ${role}`}${site === undefined ? '' : ` at ${shortText(site, 60)}`}`;
}

/** Names and reasons are whatever somebody typed. */
function rowOf(request: JsonValue): string {
  const state = textField(request, 'state') ?? '';
  const left = Math.ceil((numberField(request, 'left_seconds') ?? 0) / 60);
  const [approvals, needed] = [numberField(request, 'approvals') ?? 0, numberField(request, 'needed') ?? 0];
  const how =
    state === 'active'
      ? `active, ${left} min left`
      : state === 'pending'
        ? `pending, ${approvals} of ${needed}`
        : state;
  return [
    textField(request, 'id') ?? '',
    timeText(field(request, 'asked_at')),
    shortText(textField(field(request, 'requester') ?? null, 'name') ?? '', 24).padEnd(16),
    plainText(`${partOf(request)}, ${numberField(request, 'minutes') ?? 0} min`).padEnd(18),
    how.padEnd(20),
    shortText(textField(request, 'reason') ?? '', 80),
  ].join('  ');
}
