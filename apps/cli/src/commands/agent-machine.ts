import { beginRun, endRun } from '../agent/begin-run.ts';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { jsonLine, plainText } from '../terminal.ts';
import type { ConnectionOptions } from './connection.ts';

export type MachineOptions = ConnectionOptions & { json?: true };

const postures: Readonly<Record<string, string>> = {
  good: 'good: its sensor vouches for it, and nothing is wrong with it',
  weak: 'weak',
  claimed: 'claimed: what it says of itself, and no sensor vouches for it',
  unknown: 'unknown: nobody says anything of it',
};

const weaknesses: Readonly<Record<string, string>> = {
  root: 'the agent runs with all rights of the machine',
  'disk-clear': 'its disks are not all encrypted',
  'firewall-off': 'its firewall is off',
  'screen-open': 'its screen does not lock',
  'secure-boot-off': 'it starts without secure boot',
  'sensor-silent': 'its sensor was not heard of lately',
  'sensor-doubted': 'its sensor is in doubt',
};

/**
 * What the server makes of this machine: a run is begun here as any other would be, looked at and ended. Exit code 1 where no sensor vouches,
 * so that a set-up can be tried.
 */
export async function showMachine(client: ApiClient, options: MachineOptions, needs: CliNeeds): Promise<void> {
  const run = await beginRun(client, needs, { harness: 'other', name: 'machine check', isAttended: false });
  try {
    const found = listField(
      await client.json({ path: '/v1/agent/sessions/own', query: { open: 'true' }, signal: needs.signal }),
      'sessions',
    ).find((one) => textField(one, 'id') === run.id);
    const machine = field(found, 'machine');
    if (machine === undefined)
      throw new CliError('server_answer', 'Cannot read the answer: it says nothing of the machine');
    if (options.json === true) needs.stdout.write(`${jsonLine(machine)}\n`);
    const posture = textField(machine, 'posture') ?? '';
    const sensor = field(machine, 'sensor');
    if (options.json !== true) {
      const weak = listField(machine, 'weaknesses').filter((one) => typeof one === 'string');
      const name = textField(sensor, 'host') ?? textField(sensor, 'id');
      needs.stdout.write(
        [
          `This machine: ${postures[posture] ?? plainText(posture)}`,
          ...weak.map((one) => `  ${weaknesses[one] ?? plainText(one)}`),
          ...(sensor === undefined ? [] : [`Vouched for by sensor ${plainText(name ?? '')}`]),
          '',
        ].join('\n'),
      );
    }
    if (field(machine, 'proof_refused') === true)
      throw new CliError('not_verified', 'Cannot prove this machine: what its sensor said was no proof of it', {
        hint: 'see what the server knows of its sensor: sallyport sensors list',
      });
    if (sensor === undefined)
      throw new CliError('not_verified', 'Cannot prove this machine: no sensor here vouches for it', {
        hint: 'install the sensor, or name its socket with SALLYPORT_VOUCH_SOCKET',
      });
  } finally {
    await endRun(client, run, needs);
  }
}
