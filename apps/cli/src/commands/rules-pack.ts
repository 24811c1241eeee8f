import type { JsonValue } from '@sallyport/contracts';
import { Option, type Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, parseJson, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { column, counted, grouped, jsonLine, plainText, styled, tableHead, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';
import { addPackFileCommands } from './rules-pack-file.ts';
import { addPackTrustCommands } from './rules-pack-trust.ts';

type Options = ConnectionOptions & { json?: true };
type DiffOptions = Options & { change?: string; level?: string; rule?: string; detectionOnly?: true; limit: number };
type Shown = { readonly json?: true };

const maxPackBytes = 64 * 1024 * 1024;
const pollMs = 300;
const levels = ['informational', 'low', 'medium', 'high', 'critical'];
const statuses = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'];

/** `rules pack`: releases of rules by others, signed. */
export function addRulePackCommands(rules: Command, needs: CliNeeds): void {
  const pack = rules.command('pack').description('releases of rules by others: signed, compared, put into force');
  addPackFileCommands(pack, needs);
  addPackTrustCommands(pack, needs);
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');
  const named = (command: Command): Command => add(command).argument('<name>', 'name of the pack');

  add(pack.command('list'))
    .description('list packs and their versions')
    .action((options: Options) => withClient(options, needs, (client) => list(client, options, needs)));
  add(pack.command('import'))
    .description('import a pack and tell what it would change; nothing is in force yet')
    .argument('<file>', 'the pack')
    .action((file: string, options: Options) =>
      withClient(options, needs, (client) => importPack(client, file, options, needs)),
    );
  named(pack.command('diff'))
    .description('tell what a version would change')
    .argument('<version>', 'the version')
    .addOption(new Option('--change <what>', 'only these').choices(['added', 'removed', 'changed']))
    .addOption(new Option('--level <level>', 'only rules of this level').choices(levels))
    .option('--detection-only', 'without rules of which only words around the detection changed')
    .option('--rule <id>', 'this rule, line by line')
    .option('--limit <count>', 'print at most so many', wholeNumber(1, 500), 50)
    .action((name: string, version: string, options: DiffOptions) =>
      withClient(options, needs, (client) => diff(client, { name, version }, options, needs)),
    );
  named(pack.command('activate'))
    .description('put a version into force')
    .argument('<version>', 'the version')
    .option('--older', 'also when it was made before the one in force')
    .action((name: string, version: string, options: Options & { older?: true }) =>
      change(options, needs, {
        path: `${pathOf(name)}/activate`,
        body: { version, ...(options.older === true && { older: true }) },
      }),
    );
  named(pack.command('rollback'))
    .description('go back to the version that was in force before')
    .action((name: string, options: Options) => change(options, needs, { path: `${pathOf(name)}/rollback` }));
  named(pack.command('discard'))
    .description('forget a version that is not in force')
    .argument('<version>', 'the version')
    .action((name: string, version: string, options: Options) =>
      change(options, needs, { method: 'DELETE', path: versionPath(name, version) }),
    );
  named(pack.command('remove'))
    .description('take a pack out of force and forget it')
    .action((name: string, options: Options) => change(options, needs, { method: 'DELETE', path: pathOf(name) }));
  named(pack.command('policy'))
    .description('say which rules of a pack are let in, in every release')
    .addOption(new Option('--level <level>', 'at least this level').choices(levels).default('informational'))
    .addOption(new Option('--status <status>', 'at least this status').choices(statuses).default('experimental'))
    .action((name: string, options: Options & { level: string; status: string }) =>
      change(options, needs, {
        method: 'PUT',
        path: `${pathOf(name)}/policy`,
        body: { minimum_level: options.level, minimum_status: options.status },
      }),
    );
  named(pack.command('off'))
    .description('switch a rule of a pack off, in every release')
    .argument('<rule>', 'id of the rule')
    .requiredOption('--reason <text>', 'why')
    .action((name: string, rule: string, options: Options & { reason: string }) =>
      change(options, needs, { method: 'PUT', path: rulePath(name, rule), body: { reason: options.reason } }),
    );
  named(pack.command('on'))
    .description('switch a rule of a pack on again')
    .argument('<rule>', 'id of the rule')
    .action((name: string, rule: string, options: Options) =>
      change(options, needs, { method: 'DELETE', path: rulePath(name, rule) }),
    );
  named(pack.command('try'))
    .description('look for the new and changed rules of a version in what is kept')
    .argument('<version>', 'the version')
    .option('--days <count>', 'of the last so many days', wholeNumber(1, 365), 7)
    .action((name: string, version: string, options: Options & { days: number }) =>
      withClient(options, needs, async (client) => {
        const body = { days: options.days };
        const started = await client.json({
          ...sent('POST', body),
          path: `${versionPath(name, version)}/try`,
          signal: needs.signal,
        });
        if (options.json === true) {
          needs.stdout.write(`${jsonLine(started)}\n`);
          return;
        }
        needs.stdout.write(`${counted(numberField(started, 'rules') ?? 0, 'rule')} are looked for:\n`);
        for (const hunt of listField(started, 'hunts'))
          if (typeof hunt === 'string') needs.stdout.write(`${plainText(hunt)}\n`);
        needs.stderr.write('hint: sallyport hunt status ID tells how far that is and what each rule found\n');
      }),
    );
}

function sent(method: 'POST' | 'PUT' | 'DELETE', body: JsonValue | undefined) {
  if (body === undefined) return { method };
  return { method, ...jsonBody(body) };
}

async function change(
  options: Options,
  needs: CliNeeds,
  what: { readonly method?: 'PUT' | 'DELETE'; readonly path: string; readonly body?: JsonValue },
): Promise<void> {
  await withClient(options, needs, async (client) => {
    const text = await client.text({
      ...sent(what.method ?? 'POST', what.body),
      path: what.path,
      signal: needs.signal,
    });
    if (text === '') {
      needs.stdout.write('removed\n');
      return;
    }
    const pack = parseJson(text) ?? null;
    needs.stdout.write(options.json === true ? `${jsonLine(pack)}\n` : packLines(pack, needs));
  });
}

async function list(client: ApiClient, options: Shown, { stdout, stderr, signal }: CliNeeds): Promise<void> {
  const packs = listField(await client.json({ path: '/v1/rules/packs', signal }), 'packs');
  if (packs.length === 0 && options.json !== true)
    stderr.write('hint: no packs yet: sallyport rules pack build makes one, sallyport rules pack import takes it\n');
  for (const pack of packs) stdout.write(options.json === true ? `${jsonLine(pack)}\n` : packLines(pack, { stdout }));
}

const versionHead = [['', 2], ['version', 20], ['state', 9], ['rules', 7], ['refused', 7], ['made']] as const;

function packLines(pack: JsonValue, { stdout }: Pick<CliNeeds, 'stdout'>): string {
  const policy = field(pack, 'policy') ?? null;
  const off = listField(pack, 'off').length;
  const damage = textField(pack, 'damage');
  const lines = [
    `${styled(stdout, 'bold', plainText(textField(pack, 'name') ?? ''))}  rules from ${textField(policy, 'minimum_level') ?? ''} on, status ${textField(policy, 'minimum_status') ?? ''} or better, ${off} switched off\n`,
    ...(damage === undefined ? [] : [`${styled(stdout, 'red', 'out of force')}: ${plainText(damage)}\n`]),
    tableHead(stdout, versionHead),
  ];
  for (const version of listField(pack, 'versions')) {
    const state = textField(version, 'state') ?? '';
    const cells = [
      state === 'in_force' ? '→ ' : '  ',
      column(textField(version, 'version') ?? '', 20),
      column(state.replace('_', ' '), 9),
      grouped(numberField(version, 'rules') ?? 0).padStart(7),
      grouped(numberField(version, 'refused') ?? 0).padStart(7),
      timeText(textField(version, 'created')),
    ];
    lines.push(`${cells.join('  ')}\n`);
  }
  return lines.join('');
}

async function importPack(client: ApiClient, file: string, options: Shown, needs: CliNeeds): Promise<void> {
  const body = await readBoundedFile(file, maxPackBytes).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  });
  const headers = { 'content-type': 'application/vnd.sallyport.rule-pack' };
  const taken = await client.json({ method: 'POST', path: '/v1/rules/packs', body, headers, signal: needs.signal });
  const name = textField(taken, 'name') ?? '';
  const version = textField(taken, 'version') ?? '';
  await untilRead(client, { name, version }, needs);
  if (options.json !== true)
    needs.stdout.write(`${plainText(`${name} ${version}`)} is imported; nothing of it is in force yet\n`);
  await diff(client, { name, version }, { ...options, limit: 10 }, needs);
  if (options.json !== true)
    needs.stderr.write(`hint: sallyport rules pack activate ${name} ${version} puts it into force\n`);
}

async function untilRead(client: ApiClient, of: { name: string; version: string }, needs: CliNeeds): Promise<void> {
  const progress = createProgress(needs.stderr, needs.clock);
  try {
    for (;;) {
      const pack = await client.json({ path: pathOf(of.name), signal: needs.signal });
      const version = listField(pack, 'versions').find((one) => textField(one, 'version') === of.version) ?? null;
      const state = textField(version, 'state');
      if (state === 'failed')
        throw new CliError(
          'request_refused',
          `Cannot read "${of.name}" "${of.version}": ${textField(version, 'reason') ?? ''}`,
        );
      if (state !== 'reading') return;
      const reading = field(version, 'progress') ?? null;
      const [done, all] = [numberField(reading, 'done') ?? 0, numberField(reading, 'of') ?? 0];
      progress.show(all === 0 ? 0 : done / all, `${grouped(done)} of ${counted(all, 'rule file')} read`);
      await delay(pollMs, undefined, { signal: needs.signal });
    }
  } finally {
    progress.clear();
  }
}

async function diff(
  client: ApiClient,
  of: { readonly name: string; readonly version: string },
  options: Shown & Partial<DiffOptions>,
  needs: CliNeeds,
): Promise<void> {
  const { stdout, stderr, signal } = needs;
  const path = `${versionPath(of.name, of.version)}/diff`;
  if (options.rule !== undefined) {
    const answer = await client.json({ path: `${path}/${encodeURIComponent(options.rule)}`, signal });
    if (options.json === true) stdout.write(`${jsonLine(answer)}\n`);
    else for (const line of listField(answer, 'lines')) stdout.write(diffLine(line, needs));
    return;
  }
  const query = {
    limit: options.limit ?? 50,
    ...(options.change !== undefined && { change: options.change }),
    ...(options.level !== undefined && { level: options.level }),
    ...(options.detectionOnly === true && { detection_only: 'true' }),
  };
  const page = await client.json({ path, query, signal });
  if (options.json === true) {
    stdout.write(`${jsonLine(page)}\n`);
    return;
  }
  const summary = field(page, 'summary') ?? null;
  const number = (name: string): string => grouped(numberField(summary, name) ?? 0);
  const held = field(summary, 'held_back') ?? null;
  const heldBack = ['level', 'status', 'off'].reduce((sum, name) => sum + (numberField(held, name) ?? 0), 0);
  stdout.write(
    `${number('added')} added, ${number('removed')} removed, ${number('changed')} changed (${number('detection_changed')} in what they look for), ${number('unchanged')} as they were\n`,
  );
  stdout.write(
    `${grouped(heldBack)} held back by policy, ${number('collisions')} with an id that is taken, ${number('refused')} refused\n`,
  );
  for (const change of listField(page, 'changes')) stdout.write(`${changeRow(change)}\n`);
  const [total, shown] = [numberField(page, 'total') ?? 0, listField(page, 'changes').length];
  if (total > shown) stdout.write(`${grouped(shown)} of ${grouped(total)}: see --limit, --change, --level\n`);
  if (field(page, 'files') === null)
    stderr.write('hint: only rules are compared: the files of the version in force cannot be read\n');
  for (const file of listField(page, 'files')) stdout.write(`${fileRow(file)}\n`);
  for (const refusal of listField(page, 'refusals').slice(0, 10))
    stderr.write(
      `hint: refused ${plainText(`${textField(refusal, 'file') ?? ''}:${numberField(refusal, 'line') ?? 0} ${textField(refusal, 'reason') ?? ''}`)}\n`,
    );
}

const marks: Readonly<Record<string, string>> = { added: '+', removed: '-', changed: '~' };

function fileRow(file: JsonValue): string {
  return `${marks[textField(file, 'change') ?? ''] ?? ' '} ${plainText(textField(file, 'file') ?? '')} (no rule)`;
}

function changeRow(change: JsonValue): string {
  const rule = field(change, 'rule') ?? null;
  const parts = listField(change, 'changed').filter((part) => typeof part === 'string');
  const held = textField(change, 'held_back');
  const taken = textField(change, 'taken_by');
  const notes = [
    ...(parts.length === 0 ? [] : [parts.join(', ')]),
    ...(held === undefined ? [] : [`held back: ${held}`]),
    ...(taken === undefined ? [] : [`id taken by ${taken}`]),
  ];
  const title = column(textField(rule, 'title') ?? '', 56);
  const row = `${marks[textField(change, 'change') ?? ''] ?? '?'} ${column(textField(rule, 'level') ?? '', 13)}  ${title}  ${plainText(textField(rule, 'id') ?? '')}`;
  return notes.length === 0 ? row : `${row}  (${plainText(notes.join('; '))})`;
}

function diffLine(line: JsonValue, { stdout }: CliNeeds): string {
  const text = plainText(textField(line, 'text') ?? '');
  switch (textField(line, 'kind')) {
    case 'added':
      return `${styled(stdout, 'green', `+ ${text}`)}\n`;
    case 'removed':
      return `${styled(stdout, 'red', `- ${text}`)}\n`;
    default:
      return `  ${text}\n`;
  }
}

function pathOf(name: string): string {
  return `/v1/rules/packs/${encodeURIComponent(name)}`;
}

function versionPath(name: string, version: string): string {
  return `${pathOf(name)}/versions/${encodeURIComponent(version)}`;
}

function rulePath(name: string, rule: string): string {
  return `${pathOf(name)}/off/${encodeURIComponent(rule)}`;
}
