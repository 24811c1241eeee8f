import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, timeText } from '../terminal.ts';
import { jsonBody } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';

export type Asked = { readonly client: ApiClient; readonly needs: CliNeeds };
export type ReplayOptions = ConnectionOptions & { json?: true; last: number };
type Options = ConnectionOptions & { json?: true };

const path = '/v1/policy';
const watchMs = 300;

/** What a version would change, with how far it is on a terminal. */
export function watchImpact(asked: Asked, version: number): Promise<JsonValue> {
  return watched(asked, {
    path: `${path}/impacts`,
    body: { version },
    result: 'impact',
    words: 'Asking about everybody',
  });
}

export async function replay(asked: Asked, version: number | undefined, options: ReplayOptions): Promise<void> {
  const body = { last: options.last, ...(version === undefined ? {} : { version }) };
  const found = await watched(asked, {
    path: `${path}/replays`,
    body,
    result: 'replay',
    words: 'Asking recorded decisions again',
  });
  const { stdout } = asked.needs;
  if (options.json === true) {
    stdout.write(`${jsonLine(found)}\n`);
    return;
  }
  const requests = numberField(found, 'requests') ?? 0;
  stdout.write(
    `${numberField(found, 'different') ?? 0} of the last ${counted(requests, 'request')} would be answered otherwise (${counted(numberField(found, 'records') ?? 0, 'record')})\n`,
  );
  const untold = numberField(found, 'untold') ?? 0;
  if (untold > 0) stdout.write(`Of ${untold} more the record does not hold the question\n`);
  for (const one of listField(found, 'differences')) {
    const who = field(one, 'who');
    stdout.write(
      `${textField(one, 'was') ?? ''} → ${textField(one, 'would') ?? ''}  ${plainText(textField(who, 'name') ?? '')}  ${textField(one, 'action') ?? ''}  ${counted(numberField(one, 'requests') ?? 0, 'request')}, last ${timeText(field(one, 'last'))} (${textField(one, 'position') ?? ''})${field(one, 'also_now') === true ? ', also by what is in force now' : ''}: ${plainText(textField(one, 'reason') ?? '')}\n`,
    );
  }
  if (field(found, 'partly') === true) stdout.write('There are more than are shown\n');
}

export async function past({ client, needs }: Asked, decision: string, options: Options): Promise<void> {
  const isPosition = /^\d{1,10}\/\d{1,16}$/.test(decision);
  if (!isPosition && !/^[0-9a-f]{32}$/i.test(decision))
    throw new CliError(
      'usage',
      `Cannot explain "${decision.slice(0, 60)}": must be a position (1/4711) or the id of a request`,
    );
  const query = isPosition ? `position=${encodeURIComponent(decision)}` : `request=${decision.toLowerCase()}`;
  const answer = await client.json({ path: `${path}/decisions/explain?${query}`, signal: needs.signal });
  if (options.json === true) needs.stdout.write(`${jsonLine(answer)}\n`);
  else
    for (const sentence of listField(answer, 'story'))
      if (typeof sentence === 'string') needs.stdout.write(`${plainText(sentence)}\n`);
}

const marks: Readonly<Record<string, string>> = { same: ' ', removed: '-', added: '+' };

export async function differences(
  { client, needs }: Asked,
  from: number | undefined,
  to: number | undefined,
  options: Options,
): Promise<void> {
  const versions = await client.json({ path: `${path}/versions`, signal: needs.signal });
  const earlier = from ?? numberField(field(versions, 'in_force'), 'version') ?? 0;
  const answer = await client.json({
    path: `${path}/differences?from=${earlier}${to === undefined ? '' : `&to=${to}`}`,
    signal: needs.signal,
  });
  const { stdout } = needs;
  if (options.json === true) {
    stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const different = listField(answer, 'documents').filter((one) => textField(one, 'change') !== 'same');
  if (different.length === 0) stdout.write('Not a line differs\n');
  for (const one of different) {
    stdout.write(
      `${plainText(textField(one, 'name') ?? '')} (${textField(one, 'id') ?? ''}.cedar): ${textField(one, 'change') ?? ''}\n`,
    );
    for (const line of listField(one, 'lines'))
      stdout.write(`${marks[textField(line, 'kind') ?? ''] ?? ' '} ${plainText(textField(line, 'text') ?? '')}\n`);
    if (field(one, 'tests_changed') === true) stdout.write('  its tests changed, too\n');
  }
}

/** Begins something that takes a while and waits for what it finds; when the command is interrupted it is called off on the server, too. */
export async function watched(
  { client, needs }: Asked,
  work: { readonly path: string; readonly body: JsonValue; readonly result: string; readonly words: string },
): Promise<JsonValue> {
  const { signal, stderr } = needs;
  let now = await client.json({ path: work.path, signal, method: 'POST', ...jsonBody(work.body) });
  const one = `${work.path}/${textField(now, 'id') ?? ''}`;
  const tell = (text: string): void => void (stderr.isTerminal && stderr.write(text));
  try {
    while (textField(now, 'state') === 'running') {
      tell(`\r${work.words}: ${Math.floor((numberField(now, 'done') ?? 0) * 100)} %`);
      await needs.wait(watchMs, signal);
      now = await client.json({ path: one, signal });
    }
  } catch (error) {
    if (signal.aborted)
      await client
        .json({ path: `${one}/cancel`, method: 'POST', signal: AbortSignal.timeout(2000) })
        .catch(() => undefined);
    throw error;
  } finally {
    tell('\r\x1b[K');
  }
  const found = field(now, work.result);
  if (found !== undefined) return found;
  const reason = textField(field(now, 'problem'), 'message') ?? 'it was called off';
  throw new CliError('request_refused', `Cannot tell: ${plainText(reason)}`);
}
