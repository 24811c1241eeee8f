import { codeOf } from '@sallyport/platform/errors';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SensorError } from './errors.ts';

/**
 * Keeps a second sensor from using the same state: two would give the same numbers to different records. A process that is gone
 * holds nothing. Throws `state_unusable`.
 */
export function holdState(directory: string): Disposable {
  const file = join(directory, 'sensor.pid');
  const mine = `${process.pid} ${startOf(process.pid)}`;
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || attempt > 2)
        throw new SensorError('state_unusable', `Cannot use "${directory}": it cannot be written`, { cause: error });
    }
    const [pid = '', start = ''] = readFileSync(file, 'utf8').split(' ');
    if (start !== '' && startOf(Number(pid)) === start)
      throw new SensorError('state_unusable', `Cannot use "${directory}": the sensor with process id ${pid} does`, {
        hint: 'stop it first, or give another --state',
      });
    rmSync(file, { force: true });
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/** When a process began, in ticks since boot: an id alone may have been given to another one. Empty where there is no such process. */
function startOf(processId: number): string {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
