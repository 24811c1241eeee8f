import { unknownTime } from './time-state.ts';
import type { TimeState } from './time-state.ts';

/** Names of servers come from outside. */
const maxSourceCharacters = 255;

/**
 * `chronyc -c tracking`: reference id, name, stratum, reference time, offset of the system in seconds (positive: behind), last and RMS
 * offset, frequency, residual, skew, root delay, root dispersion, interval, leap status.
 */
export function parseChronyTracking(text: string): TimeState | undefined {
  const [id, name, stratum, , offset, , rms, , , , delay, dispersion, , leap] = text.trim().split(',');
  if (leap === undefined || !/^\d{1,3}$/.test(stratum ?? '')) return undefined;
  const isSynchronised = leap !== 'Not synchronised';
  const [delayS, dispersionS] = [numberIn(delay), numberIn(dispersion)];
  return {
    method: 'chrony',
    isSynchronised,
    source: isSynchronised ? sourceOf(name === '' ? id : name) : undefined,
    stratum: isSynchronised ? Number(stratum) : undefined,
    offsetMs: scaled(numberIn(offset), 1000),
    jitterMs: scaled(numberIn(rms), 1000),
    rootDistanceMs:
      isSynchronised && delayS !== undefined && dispersionS !== undefined
        ? scaled(delayS / 2 + dispersionS, 1000)
        : undefined,
    leap,
  };
}

/** `timedatectl timesync-status` of systemd-timesyncd, which says nothing of whether the clock follows: `timedatectl show` does. */
export function parseTimesyncStatus(status: string, show: string): TimeState | undefined {
  const value = (name: string): string | undefined => new RegExp(`^ *${name}: (.*)$`, 'm').exec(status)?.[1]?.trim();
  const server = value('Server');
  if (server === undefined) return undefined;
  const stratum = value('Stratum');
  const named = /\(([^)]+)\)$/.exec(server)?.[1];
  return {
    method: 'timesyncd',
    isSynchronised: synchronisedIn(show),
    source: sourceOf(named ?? server),
    stratum: stratum !== undefined && /^\d{1,3}$/.test(stratum) ? Number(stratum) : undefined,
    offsetMs: parseTimeSpan(value('Offset')),
    jitterMs: parseTimeSpan(value('Jitter')),
    rootDistanceMs: parseTimeSpan(value('Root distance')?.replace(/ \(.*$/, '')),
    leap: value('Leap'),
  };
}

/** `timedatectl show`: whether the kernel's clock counts as synchronised, whoever does it. */
export function parseTimedatectl(show: string): TimeState | undefined {
  const isSynchronised = synchronisedIn(show);
  return isSynchronised === undefined ? undefined : { ...unknownTime, method: 'systemd', isSynchronised };
}

/** `ntpq -c rv` of ntpd and NTPsec: system variables, RFC 1305 appendix B. Offsets are in milliseconds. */
export function parseNtpVariables(text: string): TimeState | undefined {
  const value = (name: string): string | undefined =>
    new RegExp(`(?:^|[,\\s])${name}=("[^"]*"|[^,\\s]*)`, 'm').exec(text)?.[1]?.replaceAll('"', '');
  const [leap, stratum] = [value('leap'), value('stratum')];
  if (leap === undefined || stratum === undefined || !/^\d{1,3}$/.test(stratum)) return undefined;
  const isSynchronised = leap !== '11' && leap !== '3' && Number(stratum) < 16;
  const [delay, dispersion] = [numberIn(value('rootdelay')), numberIn(value('rootdisp'))];
  const distance = delay !== undefined && dispersion !== undefined ? delay / 2 + dispersion : undefined;
  return {
    method: 'ntpd',
    isSynchronised,
    source: isSynchronised ? sourceOf(value('refid')) : undefined,
    stratum: isSynchronised ? Number(stratum) : undefined,
    offsetMs: scaled(numberIn(value('offset')), 1),
    jitterMs: scaled(numberIn(value('sys_jitter')), 1),
    rootDistanceMs: isSynchronised ? scaled(distance, 1) : undefined,
    leap,
  };
}

const unitsMs: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  month: 2_629_800_000,
  y: 31_557_600_000,
};

/** A span as systemd writes it, `-1min 2.5s`, in milliseconds. */
export function parseTimeSpan(text: string | undefined): number | undefined {
  const found = /^([+-]?)((?:\d{1,12}(?:\.\d{1,9})?(?:us|µs|ms|s|min|h|d|w|month|y)(?: |$)){1,9})$/.exec(text ?? '');
  if (found === null) return text === '0' ? 0 : undefined;
  const parts = [...(found[2] ?? '').matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g)];
  const spanMs = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitsMs[unit ?? ''] ?? 0), 0);
  return scaled(found[1] === '-' ? -spanMs : spanMs, 1);
}

function synchronisedIn(show: string): boolean | undefined {
  const said = /^NTPSynchronized=(yes|no)$/m.exec(show)?.[1];
  return said === undefined ? undefined : said === 'yes';
}

function sourceOf(text: string | undefined): string | undefined {
  const plain = text?.replaceAll(/[^\x21-\x7e]/g, '').slice(0, maxSourceCharacters);
  return plain === '' ? undefined : plain;
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined || !/^[+-]?\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,2})?$/i.test(text) ? undefined : Number(text);
}

/** To the microsecond: more is noise. */
function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : Math.round(value * factor * 1000) / 1000;
}
