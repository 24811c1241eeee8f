import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { addressOf } from '../http-client.ts';
import { isJsonList, isJsonObject, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { cell, jsonLine, plainText, shortText } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';

const soundWords: ReadonlySet<string> = new Set(['ok', 'healthy', 'running', 'ready']);

export function addStatusCommand(program: Command, needs: CliNeeds): void {
  withConnection(program.command('status'))
    .description('print how the server is; exit code 1 when it says that it is not well')
    .option('--json', 'print JSON')
    .action((options: ConnectionOptions & { json?: true }) => status(options, needs));
}

async function status(options: ConnectionOptions & { json?: true }, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    const health = await client.json({ path: '/v1/health', signal: needs.signal });
    if (options.json === true) needs.stdout.write(`${jsonLine(health)}\n`);
    else for (const line of lines('', health)) needs.stdout.write(`${line}\n`);
    const word = textField(health, 'status') ?? textField(health, 'state');
    if (word !== undefined && !soundWords.has(word)) {
      throw new CliError('request_refused', `${addressOf(client.destination)} is not well: "${word}"`, {
        hint: 'see the lines above and the log of the server',
      });
    }
  } finally {
    client.close();
  }
}

/** `name.name: value`, whatever the server tells, three levels deep; deeper ones as JSON. The members of a list stand under their `name`. */
function lines(prefix: string, value: JsonValue, depth = 0): string[] {
  if (isJsonList(value) && value.length > 0 && value.every((entry) => textField(entry, 'name') !== undefined)) {
    return value.flatMap((entry) =>
      lines(`${prefix}.${plainText(textField(entry, 'name') ?? '')}`, withoutName(entry), depth + 1),
    );
  }
  if (!isJsonObject(value) || depth > 2) return [`${prefix}: ${shortText(cell(value), 200)}`];
  return Object.entries(value).flatMap(([name, entry]) =>
    lines(`${prefix === '' ? '' : `${prefix}.`}${plainText(name)}`, entry, depth + 1),
  );
}

function withoutName(value: JsonValue): JsonValue {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'name')) : value;
}
