import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import type { ApiClient } from '../http-client.ts';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { column, counted, jsonLine, plainText, shortText, tableHead, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };

/** `agent stops`: what is stopped, and letting it go on; `agent end`: a run that is over. */
export function addStopCommands(agent: Command, needs: CliNeeds): void {
  const stops = agent.command('stops').description('what is stopped, and letting it go on');
  withConnection(stops.command('list'))
    .description('what is stopped, newest first (agents:read)')
    .option('--json', 'print JSON')
    .action((options: Options) => withClient(options, needs, (client) => list(client, options, needs)));
  withConnection(stops.command('lift'))
    .description('let those go on that a stop holds (agents:manage)')
    .argument('<stop>', 'its id')
    .action((id: string, options: Options) =>
      withClient(options, needs, async (client) => {
        await client.text({
          method: 'DELETE',
          path: `/v1/agent/stops/${encodeURIComponent(id)}`,
          signal: needs.signal,
        });
        needs.stdout.write(`Lifted stop ${plainText(id)}: what it held may go on\n`);
      }),
    );
  withConnection(agent.command('end'))
    .description(
      'say that a run of yours is over; its credential is good for nothing from then on (agents:stop: anybody’s)',
    )
    .argument('<session>', 'its id')
    .action((id: string, options: Options) =>
      withClient(options, needs, async (client) => {
        const path = `/v1/agent/sessions/${encodeURIComponent(id)}/end`;
        await client.text({ method: 'POST', path, signal: needs.signal, ...jsonBody({}) });
        needs.stdout.write(`Ended run ${plainText(id)}\n`);
      }),
    );
}

async function list(client: ApiClient, options: Options, { stdout, stderr, signal }: CliNeeds): Promise<void> {
  const stops = listField(await client.json({ path: '/v1/agent/stops', signal }), 'stops');
  if (options.json !== true && stops.length > 0)
    stdout.write(tableHead(stdout, [['stop', 16], ['scope', 8], ['at', 20], ['by', 16], ['what']]));
  for (const stop of stops) stdout.write(options.json === true ? `${jsonLine(stop)}\n` : `${stopRow(stop)}\n`);
  if (options.json !== true) stderr.write(`${counted(stops.length, 'stop')}\n`);
}

function stopRow(stop: JsonValue): string {
  const what = [textField(stop, 'value') ?? '', textField(stop, 'reason') ?? ''].filter((part) => part !== '');
  return [
    column(textField(stop, 'id') ?? '', 16),
    column(textField(stop, 'scope') ?? '', 8),
    column(timeText(numberField(stop, 'at_ms') ?? 0), 20),
    column(textField(stop, 'by') ?? '', 16),
    shortText(what.join(': '), 80),
  ].join('  ');
}
