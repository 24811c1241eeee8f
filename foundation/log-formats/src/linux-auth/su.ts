// What the su of util-linux, shadow and the BSDs log.
import type { LinuxAuthFact } from './fact.ts';

export function readSu(message: string): LinuxAuthFact | undefined {
  const failedStart = 'FAILED SU (to ';
  const isFailed = message.startsWith(failedStart);
  if (isFailed || message.startsWith('(to ')) return readTo(message, isFailed ? failedStart.length : 4, !isFailed);
  for (const [start, succeeded] of [['Successful su for ', true] as const, ['FAILED su for ', false] as const]) {
    const at = message.startsWith(start) ? message.indexOf(' by ', start.length) : -1;
    if (at !== -1)
      return {
        kind: 'su',
        user: message.slice(at + 4),
        targetUser: message.slice(start.length, at),
        succeeded,
        terminal: undefined,
      };
  }
  if (message.startsWith('+ ') || message.startsWith('- ')) return readSigned(message);
  return readBsd(message) ?? readClassic(message);
}

/** `(to root) alice on pts/1` */
function readTo(message: string, at: number, succeeded: boolean): LinuxAuthFact | undefined {
  const close = message.indexOf(') ', at);
  const on = message.lastIndexOf(' on ');
  if (close === -1 || on <= close) return undefined;
  return {
    kind: 'su',
    user: message.slice(close + 2, on),
    targetUser: message.slice(at, close),
    succeeded,
    terminal: message.slice(on + 4),
  };
}

/** `+ /dev/pts/0 alice:root` */
function readSigned(message: string): LinuxAuthFact | undefined {
  const space = message.indexOf(' ', 2);
  const colon = message.indexOf(':', space);
  if (space === -1 || colon === -1) return undefined;
  return {
    kind: 'su',
    user: message.slice(space + 1, colon),
    targetUser: message.slice(colon + 1),
    succeeded: message.startsWith('+'),
    terminal: message.slice(2, space),
  };
}

/** `BAD SU alice to root on /dev/ttyp0`, and without `BAD SU` when it went well. */
function readBsd(message: string): LinuxAuthFact | undefined {
  const isBad = message.startsWith('BAD SU ');
  const at = isBad ? 7 : 0;
  const to = message.indexOf(' to ', at);
  const on = message.lastIndexOf(' on ');
  if (to === -1 || on <= to || message.slice(at, to).includes(' ')) return undefined;
  return {
    kind: 'su',
    user: message.slice(at, to),
    targetUser: message.slice(to + 4, on),
    succeeded: !isBad,
    terminal: message.slice(on + 4),
  };
}

/** `'su root' failed for alice on /dev/pts/8` */
function readClassic(message: string): LinuxAuthFact | undefined {
  const middle = "' failed for ";
  const at = message.startsWith("'su ") ? message.indexOf(middle) : -1;
  const on = message.lastIndexOf(' on ');
  if (at === -1 || on <= at) return undefined;
  return {
    kind: 'su',
    user: message.slice(at + middle.length, on),
    targetUser: message.slice(4, at),
    succeeded: false,
    terminal: message.slice(on + 4),
  };
}
