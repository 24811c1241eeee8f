import { createHash } from 'node:crypto';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, isJsonObject, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, shortText, styled, tableHead, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };
type ShowOptions = Options & { tool?: string; offer?: string };
type ApproveOptions = Options & {
  tool?: string[];
  offer?: string[];
  shown?: string;
  reason: string;
  keepEarlier?: true;
  letNew?: true;
  holdNew?: true;
};
type BlockOptions = Options & { tool?: string; offer?: string; reason: string };

const path = '/v1/agents/tool-servers';
const shortDigestLength = 12;

/** `sallyport agent servers`: which MCP servers agents met, and which of them they may use. */
export function addAgentServerCommands(agent: Command, needs: CliNeeds): void {
  const servers = agent.command('servers').description('MCP servers that agents met: see, approve and block them');
  const add = (name: string, words: string): Command =>
    withConnection(servers.command(name)).description(words).option('--json', 'print JSON');
  add('list', 'what agents met, seen last first (agents:read)').action((options: Options) =>
    withClient(options, needs, (client) => list(client, options, needs)),
  );
  add('show', 'a server and what it offers, as that describes itself, with what differs from what was approved')
    .argument('<server>', 'its id, or its name where no other has it')
    .option('--tool <name>', 'one tool, whole')
    .option('--offer <kind:name>', 'one prompt, resource, resource_template or the instructions, whole')
    .action((server: string, options: ShowOptions) =>
      withClient(options, needs, (client) => show(client, server, options, needs)),
    );
  add('approve', 'let a server be used, with what is named as it was shown (agents:manage)')
    .argument('<server>', 'its id, or its name where no other has it')
    .option('--tool <name=digest...>', 'a tool with the digest that show printed, or its first 12 signs')
    .option('--offer <kind:name=digest...>', 'a prompt, resource or resource_template, or instructions, likewise')
    .option('--shown <digest>', 'all that waited when show printed this')
    .option('--keep-earlier', 'what was approved before stays approved beside it')
    .option('--let-new', 'let tools it gets later at once, unless something about them is odd')
    .option('--hold-new', 'hold tools it gets later again')
    .option('--reason <text>', 'why', '')
    .action((server: string, options: ApproveOptions) =>
      withClient(options, needs, (client) => approve(client, server, options, needs)),
    );
  add('forget', 'take a server and its decisions off the list; met again, it is new (agents:manage)')
    .argument('<server>', 'its id, or its name where no other has it')
    .action((server: string, options: Options) =>
      withClient(options, needs, async (client) => {
        const found = await find(client, server, needs);
        const at = `${path}/${encodeURIComponent(textField(found, 'id') ?? '')}`;
        await client.text({ method: 'DELETE', path: at, signal: needs.signal });
        needs.stdout.write(`Forgot ${plainText(textField(found, 'name') ?? '')}: met again, it is new\n`);
      }),
    );
  add('block', 'refuse a server, or one thing it offers, from the next call on (agents:manage)')
    .argument('<server>', 'its id, or its name where no other has it')
    .option('--tool <name>', 'that tool alone')
    .option('--offer <kind:name>', 'that prompt, resource or resource_template alone, or the instructions')
    .option('--reason <text>', 'why; agents are told', '')
    .action((server: string, options: BlockOptions) =>
      withClient(options, needs, (client) => block(client, server, options, needs)),
    );
}

async function list(client: ApiClient, options: Options, needs: CliNeeds): Promise<void> {
  const servers = listField(await client.json({ path, signal: needs.signal }), 'servers');
  if (options.json !== true && servers.length > 0)
    needs.stdout.write(
      tableHead(needs.stdout, [
        ['server', 16],
        ['state', 12],
        ['tools', 24],
        ['else', 24],
        ['seen', 20],
        ['name', 24],
        ['where'],
      ]),
    );
  for (const server of servers)
    needs.stdout.write(options.json === true ? `${jsonLine(server)}\n` : `${serverRow(server)}\n`);
  if (options.json !== true) needs.stderr.write(`${counted(servers.length, 'server')}\n`);
}

function serverRow(server: JsonValue): string {
  const like = listField(server, 'looks_like').length > 0 ? ' (looks like another)' : '';
  return [
    shortText(textField(server, 'id') ?? '', 16).padEnd(16),
    shortText(textField(server, 'state') ?? '', 12).padEnd(12),
    shortText(standsText(field(server, 'tools')), 24).padEnd(24),
    shortText(standsText(field(server, 'offers')), 24).padEnd(24),
    timeText(numberField(server, 'last_seen_at_ms') ?? 0).padEnd(20),
    shortText(`${textField(server, 'name') ?? ''}${like}`, 48).padEnd(24),
    shortText(textField(server, 'target') ?? '', 120),
  ].join('  ');
}

function standsText(counts: JsonValue | undefined): string {
  return ['changed', 'new', 'approved', 'blocked']
    .flatMap((state) => {
      const count = counts === undefined ? 0 : (numberField(counts, state) ?? 0);
      return count === 0 ? [] : [`${count} ${state}`];
    })
    .join(', ');
}

/** By id, or by a name that one server alone has: two of one name are never guessed between. */
async function find(client: ApiClient, wanted: string, needs: CliNeeds): Promise<JsonValue> {
  const servers = listField(await client.json({ path, signal: needs.signal }), 'servers');
  const found = servers.filter((server) => textField(server, 'id') === wanted);
  const named = found.length > 0 ? found : servers.filter((server) => textField(server, 'name') === wanted);
  const [one] = named;
  if (one === undefined || named.length > 1)
    throw new CliError(
      'usage',
      `Cannot choose server "${plainText(wanted)}": ${named.length === 0 ? 'there is none' : `${named.length} have this name`}`,
      { hint: 'sallyport agent servers list' },
    );
  return client.json({ path: `${path}/${encodeURIComponent(textField(one, 'id') ?? '')}`, signal: needs.signal });
}

async function show(client: ApiClient, wanted: string, options: ShowOptions, needs: CliNeeds): Promise<void> {
  const server = await find(client, wanted, needs);
  const wantedOne = options.tool ?? options.offer;
  const tools = pinnedOf(server).filter((one) => wantedOne === undefined || isNamed(one, options));
  if (wantedOne !== undefined && tools.length === 0)
    throw new CliError('usage', `Cannot find "${plainText(wantedOne)}" of this server`);
  const id = textField(server, 'id') ?? '';
  const views: JsonValue[] = [];
  for (const tool of tools)
    views.push(
      await client.json({
        path: `${path}/${encodeURIComponent(id)}/tools/${encodeURIComponent(textField(tool, 'id') ?? '')}`,
        signal: needs.signal,
      }),
    );
  if (options.json === true) {
    const isTool = (view: JsonValue): boolean => kindOf(view) === 'tool';
    const offered = views.filter((view) => !isTool(view));
    needs.stdout.write(`${jsonLine({ ...objectOf(server), each: views.filter(isTool), offered })}\n`);
    return;
  }
  const { stdout } = needs;
  stdout.write(
    `${plainText(textField(server, 'name') ?? '')}  ${plainText(textField(server, 'state') ?? '')}\n` +
      `  ${plainText(textField(server, 'target') ?? '')}\n`,
  );
  for (const view of views) sayTool(view, wantedOne !== undefined, needs);
  const waiting = waitingTools(server);
  if (waiting.length > 0 && wantedOne === undefined)
    needs.stderr.write(
      `${counted(waiting.length, waiting.every((one) => kindOf(one) === 'tool') ? 'tool' : 'thing')} wait. To approve all of them as they stand here:\n  sallyport agent servers approve ${plainText(id)} --shown ${shownDigest(waiting)}\n`,
    );
}

function objectOf(value: JsonValue): Readonly<Record<string, JsonValue>> {
  return isJsonObject(value) ? value : {};
}

function sayTool(view: JsonValue, isWhole: boolean, { stdout }: CliNeeds): void {
  const digest = (textField(view, 'digest') ?? '').replace('sha256:', '');
  const state = textField(view, 'state') ?? '';
  stdout.write(
    `\n${styled(stdout, 'bold', plainText(shownName(view)))}  ${plainText(state)}  ${digest.slice(0, shortDigestLength)}\n`,
  );
  const description = textOfParts(listField(view, 'description'));
  stdout.write(`  ${isWhole ? plainText(description) : shortText(description, 200)}\n`);
  for (const change of listField(view, 'changes')) {
    const [was, is] = (['removed', 'added'] as const).map((side) =>
      textOfParts(
        listField(change, 'parts').filter(
          (part) => textField(part, 'change') === 'same' || textField(part, 'change') === side,
        ),
      ),
    );
    stdout.write(
      `  ${styled(stdout, 'yellow', plainText(textField(change, 'weight') ?? ''))} ${plainText(textField(change, 'kind') ?? '')} ${plainText(textField(change, 'path') ?? '')}\n` +
        `    - ${shortText(was ?? '', isWhole ? 4000 : 200)}\n    + ${shortText(is ?? '', isWhole ? 4000 : 200)}\n`,
    );
  }
  for (const finding of listField(view, 'findings'))
    stdout.write(
      `  ${styled(stdout, 'red', 'look')} ${plainText(textField(finding, 'what') ?? '')} in ${plainText(textField(finding, 'path') ?? '')}: ${shortText(textField(finding, 'shown') ?? '', 200)}\n`,
    );
  for (const other of listField(view, 'looks_like'))
    stdout.write(
      `  ${styled(stdout, 'red', 'look')} its name is or looks like ${plainText(textField(other, 'tool') ?? '')} of ${plainText(textField(other, 'server') ?? '')}\n`,
    );
  if (isWhole) stdout.write(`  ${plainText(textField(view, 'canonical') ?? '')}\n`);
}

/** What hides stands in brackets, as what it is. */
function textOfParts(parts: readonly JsonValue[]): string {
  return parts
    .map((part) => {
      const text = textField(part, 'text') ?? '';
      return textField(part, 'hidden') === undefined ? text.replaceAll(/\s+/g, ' ') : `[hidden: ${text}]`;
    })
    .join('');
}

/** Its tools, and what else it offers; a server of before knows of tools alone. */
function pinnedOf(server: JsonValue): readonly JsonValue[] {
  return [...listField(server, 'each'), ...listField(server, 'offered')];
}

function kindOf(pinned: JsonValue): string {
  return textField(pinned, 'kind') ?? 'tool';
}

/** As `--tool` or `--offer` name it. */
function shownName(pinned: JsonValue): string {
  const [kind, name] = [kindOf(pinned), textField(pinned, 'name') ?? ''];
  return kind === 'tool' ? name : kind === 'instructions' ? kind : `${kind}:${name}`;
}

function isNamed(pinned: JsonValue, { tool, offer }: Pick<ShowOptions, 'tool' | 'offer'>): boolean {
  return kindOf(pinned) === 'tool' ? textField(pinned, 'name') === tool : shownName(pinned) === offer;
}

function waitingTools(server: JsonValue): JsonValue[] {
  return pinnedOf(server).filter((tool) => ['new', 'changed'].includes(textField(tool, 'state') ?? ''));
}

/** Of everything that waits, as it was printed: another tool or another word in one of them gives another. */
function shownDigest(tools: readonly JsonValue[]): string {
  const said = tools.map((tool) => `${shownName(tool)}\0${textField(tool, 'digest') ?? ''}`).toSorted();
  return createHash('sha256').update(said.join('\0\0')).digest('hex').slice(0, 32);
}

async function approve(client: ApiClient, wanted: string, options: ApproveOptions, needs: CliNeeds): Promise<void> {
  const server = await find(client, wanted, needs);
  const id = textField(server, 'id') ?? '';
  const waiting = waitingTools(server);
  if (options.shown !== undefined && options.shown !== shownDigest(waiting))
    throw new CliError('usage', 'Cannot approve what was shown: what waits is not the same any more', {
      hint: `look again: sallyport agent servers show ${plainText(id)}`,
    });
  const named = [
    ...(options.tool ?? []).map((said) => chosenTool(listField(server, 'each'), said)),
    ...(options.offer ?? []).map((said) => chosenTool(listField(server, 'offered'), said)),
  ];
  const chosen = options.shown === undefined ? named : waiting;
  const tools = chosen.filter((one) => kindOf(one) === 'tool').map(nameAndDigest);
  const offers = chosen
    .filter((one) => kindOf(one) !== 'tool')
    .map((one) => ({ kind: kindOf(one), ...nameAndDigest(one) }));
  const answer = await client.json({
    method: 'POST',
    path: `${path}/${encodeURIComponent(id)}/approve`,
    signal: needs.signal,
    ...jsonBody({
      tools,
      ...(offers.length === 0 ? {} : { offers }),
      reason: options.reason,
      ...(options.keepEarlier === true ? { keep_earlier: true } : {}),
      ...(options.letNew === true ? { lets_new: true } : options.holdNew === true ? { lets_new: false } : {}),
    }),
  });
  needs.stdout.write(
    options.json === true
      ? `${jsonLine(answer)}\n`
      : `Approved ${plainText(textField(server, 'name') ?? '')} with ${counted(tools.length, 'tool')}${offers.length === 0 ? '' : ` and ${counted(offers.length, 'other thing')}`}\n`,
  );
}

function nameAndDigest(tool: JsonValue): { readonly name: string; readonly digest: string } {
  return { name: textField(tool, 'name') ?? '', digest: textField(tool, 'digest') ?? '' };
}

/** `NAME=DIGEST`, where the digest may be cut to its first 12 signs or more. */
function chosenTool(pinned: readonly JsonValue[], said: string): JsonValue {
  const at = said.lastIndexOf('=');
  const [name, digest] = [
    said.slice(0, at),
    said
      .slice(at + 1)
      .replace('sha256:', '')
      .toLowerCase(),
  ];
  const tool = pinned.find((one) => shownName(one) === name);
  if (at < 1 || digest.length < shortDigestLength || tool === undefined)
    throw new CliError(
      'usage',
      `Cannot approve "${plainText(said)}": must be NAME=DIGEST of something it has, the digest at least ${shortDigestLength} signs`,
      {
        hint: 'sallyport agent servers show',
      },
    );
  const now = nameAndDigest(tool);
  if (!now.digest.startsWith(`sha256:${digest}`))
    throw new CliError('usage', `Cannot approve "${plainText(name)}": it says something else now than what was shown`, {
      hint: 'look again: sallyport agent servers show',
    });
  return tool;
}

async function block(client: ApiClient, wanted: string, options: BlockOptions, needs: CliNeeds): Promise<void> {
  const server = await find(client, wanted, needs);
  const answer = await client.json({
    method: 'POST',
    path: `${path}/${encodeURIComponent(textField(server, 'id') ?? '')}/block`,
    signal: needs.signal,
    ...jsonBody({ reason: options.reason, ...blockedIn(server, options) }),
  });
  const named = options.tool ?? options.offer;
  const what = named === undefined ? '' : `${plainText(named)} of `;
  needs.stdout.write(
    options.json === true
      ? `${jsonLine(answer)}\n`
      : `Blocked ${what}${plainText(textField(server, 'name') ?? '')}, from the next call on\n`,
  );
}

function blockedIn(server: JsonValue, { tool, offer }: BlockOptions): { tool?: string; kind?: string } {
  if (offer === undefined) return tool === undefined ? {} : { tool };
  const one = listField(server, 'offered').find((pinned) => shownName(pinned) === offer);
  if (one === undefined)
    throw new CliError('usage', `Cannot block "${plainText(offer)}": this server has no such prompt or resource`, {
      hint: 'sallyport agent servers show',
    });
  return { tool: textField(one, 'name') ?? '', kind: kindOf(one) };
}
