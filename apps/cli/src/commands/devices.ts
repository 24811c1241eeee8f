import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, column, jsonLine, plainText, shortText, styled, tableHead } from '../terminal.ts';
import { askOperatorRoute, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type EnrolOptions = Options & { kind: string; place?: string; site?: string };

/** `devices`: the phones, computers and cameras that may send, and who waits to. */
export function addDeviceCommands(program: Command, needs: CliNeeds): void {
  const devices = program
    .command('devices')
    .description('phones, computers and cameras that send: who is let in, who waits, who was shut out');
  const options = (command: Command): Command =>
    withConnection(command)
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  options(devices.command('list', { isDefault: true }))
    .description('list them')
    .action((given: Options) => listDevices(given, needs));
  options(devices.command('enrol'))
    .description('make a link with which one device can ask to be let in, within 15 minutes')
    .argument('<name>', 'what it is called, as on the wall of cameras')
    .option('--kind <kind>', 'phone, pc or esp32', 'phone')
    .option('--place <place>', 'where it stands')
    .option('--site <site>', 'the site it belongs to, as sources do')
    .action((name: string, given: EnrolOptions) => enrol(name, given, needs));
  for (const [verb, description] of [
    ['approve', 'let a device in that waits; compare its fingerprint with its screen before'],
    ['revoke', 'refuse a device that waits, or shut one out at once and for good'],
  ] as const)
    options(devices.command(verb))
      .description(description)
      .argument('<id>', 'the id that list prints')
      .action(async (id: string, given: Options) => {
        const path = `/v1/devices/${encodeURIComponent(id)}/${verb}`;
        show(await askOperatorRoute(given, needs, { method: 'POST', path }), given, needs);
      });
}

async function listDevices(options: Options, needs: CliNeeds): Promise<void> {
  const devices = listField(await askOperatorRoute(options, needs, { path: '/v1/devices' }), 'devices');
  if (devices.length > 0 && options.json !== true)
    needs.stdout.write(tableHead(needs.stdout, [['id', 16], ['state', 8], ['name and kind']]));
  for (const device of devices) show(device, options, needs);
  if (devices.length > 0) return;
  needs.stderr.write(`No devices\nhint: ${asTyped('sallyport devices enrol NAME', needs.configuration.command)}\n`);
}

async function enrol(name: string, options: EnrolOptions, needs: CliNeeds): Promise<void> {
  const { kind, place, site } = options;
  if (!['phone', 'pc', 'esp32'].includes(kind))
    throw new CliError('usage', `Cannot enrol a "${plainText(kind)}": must be phone, pc or esp32`);
  const body = {
    name,
    kind,
    ...(place === undefined ? {} : { place }),
    ...(site === undefined ? {} : { site }),
  };
  const made = await askOperatorRoute(options, needs, { method: 'POST', path: '/v1/devices/enrolments', body });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(made)}\n`);
    return;
  }
  needs.stdout.write(`${plainText(textField(made, 'link') ?? '')}\n`);
  needs.stderr.write(
    `Open this on the device by ${timeOf(numberField(made, 'expires_ms'))}; it is good for one. Then compare and let it in: ${asTyped('sallyport devices', needs.configuration.command)}\n`,
  );
}

const colors = { waiting: 'yellow', approved: 'green', revoked: 'dim' } as const;

/** A line a device, and of one that waits what to compare and what to type. */
function show(device: JsonValue, options: Options, needs: CliNeeds): void {
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(device)}\n`);
    return;
  }
  const text = (name: string, columns = 60): string => shortText(textField(device, name) ?? '', columns);
  const state = text('state', 12);
  const color = state === 'waiting' || state === 'approved' ? colors[state] : 'dim';
  const where = [text('place'), text('site')].filter((part) => part !== '').join(', ');
  const parts = [
    `${text('id', 16)}  ${styled(needs.stdout, color, column(state, 9))} ${text('name')}`,
    text('kind', 8),
    ...(where === '' ? [] : [where]),
    `seen ${timeOf(numberField(device, 'last_seen_ms'))}`,
  ];
  const about = field(device, 'about');
  const itself = [textField(about, 'name'), textField(about, 'platform')].flatMap((part) => part ?? []).join(', ');
  const waiting = [
    `    must stand on its screen: ${text('fingerprint')}`,
    ...(itself === '' ? [] : [`    calls itself ${shortText(itself, 120)}`]),
    `    ${asTyped(`sallyport devices approve ${text('id', 16)}`, needs.configuration.command)}`,
  ];
  needs.stdout.write(`${[parts.join('  '), ...(state === 'waiting' ? waiting : [])].join('\n')}\n`);
}

function timeOf(ms: number | undefined): string {
  return ms === undefined || Math.abs(ms) > 8.64e15 ? '?' : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
