import { fillRecipe, stepsFor } from '@sallyport/content/fill-recipe';
import type { Vouched } from '@sallyport/content/fill-recipe';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, jsonLine, plainText, styled } from '../terminal.ts';
import { listSources, type SourceListOptions } from './source-list.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & {
  host?: string;
  port?: string;
  address?: string;
  authority?: string;
  source?: string;
  senderKey?: string;
  json?: true;
};

const sourceName = /^[A-Za-z0-9][\w.-]{0,63}$/;
/** Where a Linux system keeps the authorities it knows. */
const systemAuthorities = '/etc/ssl/certs/ca-certificates.crt';

/** The ports syslog is listened to on while nobody chose others. */
const usualPorts: Readonly<Record<string, string>> = { tls: '6514', tcp: '5514', udp: '5514' };

/** `sources recipe`: what to paste into another product's sender so that it sends here. */
export function addSourceCommands(program: Command, needs: CliNeeds): void {
  const sources = program.command('sources').description('who sends events, and how others are set up to');
  withConnection(sources.command('list', { isDefault: true }))
    .description('list who sends, how each is, and what of it was not understood or not let in')
    .option('--json', 'print JSON')
    .action((options: SourceListOptions) => listSources(options, needs));
  withConnection(sources.command('recipe'))
    .description('print how a sender is set up, filled for this server; without a name, list what there is')
    .argument('[name]', 'rsyslog, fluent-bit, …')
    .option('--host <name>', 'name of the server as the sender sees it (else as in its address)')
    .option('--port <port>', 'port of the server as the sender sees it (else of its address, or of the open listener)')
    .option('--address <url>', 'address of the server as the sender sees it (else the one used here)')
    .option(
      '--authority <file>',
      'where the server’s authority shall lie on the sender (else /etc/ssl/sallyport-authority.pem)',
    )
    .option('--source <name>', 'name of the source')
    .option('--sender-key <key>', 'API key of the sender; left open when not given')
    .option('--json', 'print JSON')
    .action((name: string | undefined, options: Options) => printRecipe(name, options, needs));
}

async function printRecipe(name: string | undefined, options: Options, needs: CliNeeds): Promise<void> {
  if (options.source !== undefined && !sourceName.test(options.source)) {
    throw new CliError(
      'usage',
      `Cannot send as "${plainText(options.source)}": a source must be 1 to 64 letters, digits, ".", "_" or "-"`,
    );
  }
  const client = openClient(options, needs);
  try {
    const recipes = listField(await client.json({ path: '/v1/sources/recipes', signal: needs.signal }), 'recipes');
    if (name === undefined) return list(recipes, options, needs);
    const recipe = recipes.find((one) => textField(one, 'id') === name);
    if (recipe === undefined) {
      throw new CliError('usage', `There is no recipe "${plainText(name)}"`, { hint: 'sallyport sources recipe' });
    }
    const { filled, hints } = await fill(recipe, { options, needs, client });
    if (options.json === true) needs.stdout.write(`${jsonLine(filled)}\n`);
    else print(filled, needs);
    for (const hint of hints) needs.stderr.write(`hint: ${plainText(asTyped(hint, needs.configuration.command))}\n`);
  } finally {
    client.close();
  }
}

function list(recipes: readonly JsonValue[], options: Options, needs: CliNeeds): void {
  for (const recipe of recipes) {
    const [id, title] = [textField(recipe, 'id') ?? '', textField(recipe, 'title') ?? ''];
    needs.stdout.write(
      options.json === true ? `${jsonLine({ id, title })}\n` : `${plainText(id).padEnd(20)}  ${plainText(title)}\n`,
    );
  }
}

type Given = { readonly options: Options; readonly needs: CliNeeds; readonly client: ApiClient };

/** The recipe with what is known put in, and what its reader has to do about the rest. */
async function fill(recipe: JsonValue, given: Given): Promise<{ filled: JsonValue; hints: readonly string[] }> {
  const { options, needs } = given;
  const hints: string[] = [];
  const https = await settings('/v1/settings/https', given);
  const address =
    options.address ??
    options.server ??
    needs.configuration.connection().server ??
    // Where others reach the server over HTTPS, when it opens it and the key may read that.
    textField(https, 'origin');
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
  if (options.address !== undefined && url === undefined) {
    throw new CliError('usage', `Cannot use the address "${plainText(options.address)}": must be a URL`);
  }
  const listener = textField(recipe, 'listener');
  const asked = JSON.stringify(recipe);
  const host = options.host ?? url?.hostname;
  if (url === undefined && asked.includes('{{address}}'))
    hints.push('put the address of the server for {{address}}: --address https://NAME:PORT');
  if (host === undefined && asked.includes('{{host}}'))
    hints.push('put the name of the server for {{host}}: --host NAME');
  let port = options.port ?? (listener === undefined ? portOf(url) : undefined);
  if (listener !== undefined && port === undefined) {
    const open = await openPort(listener, given);
    port = open ?? usualPorts[listener];
    if (open === undefined)
      hints.push(
        `no listener for ${listener} is known to be open: Settings → Listeners, or PUT /v1/settings/listeners`,
      );
  }
  const key = options.senderKey;
  const named = options.source ?? 'web-1';
  if (key === undefined && textField(recipe, 'needs') === 'key')
    hints.push(
      textField(recipe, 'id') === 'sensor'
        ? `sallyport sensors install ${named} makes the key for {{key}} and prints commands that fetch the sensor too`
        : `put a key for {{key}}: sallyport key create --scopes events:write --name ${named} --source ${named}`,
    );
  const vouched = vouchedBy(listener, url, https);
  const values = {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(url !== undefined && { address: url.origin }),
    ...(key !== undefined && { key }),
    ...(options.source !== undefined && { source: options.source }),
    authority_file:
      options.authority ?? (vouched === 'public' ? systemAuthorities : '/etc/ssl/sallyport-authority.pem'),
  };
  return { filled: mapTexts(withSteps(recipe, vouched), (text) => fillRecipe(text, values)), hints };
}

/** The listener shows the certificate of the server's own authority in any case. */
function vouchedBy(listener: string | undefined, url: URL | undefined, https: JsonValue | undefined): Vouched {
  if (listener !== undefined) return 'own';
  if (url?.protocol === 'http:') return 'none';
  return textField(https, 'kind') === 'acme' && textField(https, 'origin') === url?.origin ? 'public' : 'own';
}

function withSteps(recipe: JsonValue, vouched: Vouched): JsonValue {
  const needed = (steps: readonly JsonValue[]): JsonValue[] =>
    stepsFor(
      steps.flatMap((step) => (isJsonObject(step) ? [{ ...step, text: textField(step, 'text') ?? '' }] : [])),
      vouched,
    );
  if (!isJsonObject(recipe)) return recipe;
  const [test] = needed([recipe['test'] ?? null]);
  return { ...recipe, steps: needed(listField(recipe, 'steps')), ...(test === undefined ? {} : { test }) };
}

function portOf(url: URL | undefined): string | undefined {
  if (url === undefined || url.port !== '') return url?.port;
  return url.protocol === 'https:' ? '443' : '80';
}

/** The port of a syslog listener; undefined when it is off, or the key may not read settings. */
async function openPort(listener: string, given: Given): Promise<string | undefined> {
  const status = await settings('/v1/settings/listeners', given);
  return numberField(field(status, listener), 'port')?.toString();
}

async function settings(path: string, { client, needs }: Given): Promise<JsonValue | undefined> {
  try {
    return await client.json({ path, signal: needs.signal });
  } catch (error) {
    if (error instanceof CliError && error.code === 'access_denied') return undefined;
    throw error;
  }
}

function mapTexts(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => mapTexts(item, change));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, change)]));
}

function print(recipe: JsonValue, { stdout }: CliNeeds): void {
  const say = (text: string): void => {
    stdout.write(`${text.trimEnd().split('\n').map(plainText).join('\n')}\n`);
  };
  say(`# ${textField(recipe, 'title') ?? ''}`);
  say(`# ${textField(recipe, 'about') ?? ''}`);
  const steps = listField(recipe, 'steps');
  for (const [index, step] of [...steps, field(recipe, 'test')].entries()) {
    if (step === undefined) continue;
    const file = textField(step, 'file');
    say('');
    say(
      styled(
        stdout,
        'bold',
        `# ${index + 1}. ${textField(step, 'title') ?? ''}${file === undefined ? '' : `: ${file}`}`,
      ),
    );
    say(textField(step, 'text') ?? '');
  }
}
