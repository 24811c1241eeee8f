import { findingLevels, severityOfLevel } from '@sallyport/contracts';
import { Type } from 'typebox';
import { alertStates, rankOf } from './alert.ts';
import type { Alert } from './alert.ts';
import type { AlertFilter, AlertListPlace } from './alert-store.ts';
import { taggedNames } from './entities.ts';
import { AlertError } from './errors.ts';

const whole = { minLength: 1, maxLength: 512 };

/** The part of the address that says which alerts are meant. */
export const alertFilterParameters = {
  state: Type.Optional(Type.Enum(alertStates, { description: 'Suppressed alerts are listed only when asked for' })),
  assignee: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'Id of who has it; `none`: those nobody has' }),
  ),
  level: Type.Optional(Type.Enum(findingLevels, { description: 'This level or above' })),
  rule: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  host: Type.Optional(Type.String({ ...whole, description: 'Whole, in any case; as user, source, process and agent' })),
  user: Type.Optional(Type.String(whole)),
  source: Type.Optional(Type.String(whole)),
  process: Type.Optional(Type.String(whole)),
  agent: Type.Optional(Type.String({ ...whole, description: 'Id of the AI agent' })),
  q: Type.Optional(
    Type.String({
      maxLength: 200,
      description: 'At most 8 words, each part of the title, or all of a rule, host, user, source, program or agent',
    }),
  ),
  since: Type.Optional(
    Type.String({ format: 'date-time', maxLength: 40, description: 'Last finding at this time or later' }),
  ),
  sort: Type.Optional(
    Type.Enum(['newest', 'priority', 'severity'], {
      description: 'Default newest; priority: what is not closed first, then of highest priority',
    }),
  ),
};

export type AlertFilterQuery = {
  state?: Alert['state'];
  assignee?: string;
  level?: Alert['level'];
  rule?: string;
  host?: string;
  user?: string;
  source?: string;
  process?: string;
  agent?: string;
  q?: string;
  since?: string;
  sort?: 'newest' | 'priority' | 'severity';
};

/** Throws `AlertError` `alert_filter_invalid`. */
export function alertFilter(query: AlertFilterQuery): Omit<AlertFilter, 'limit'> {
  const { state, level, rule, since, assignee, q, sort } = query;
  const entities = Object.fromEntries(
    taggedNames.flatMap((name) => {
      const value = query[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  return {
    entities,
    ...(state === undefined ? {} : { state }),
    ...(level === undefined ? {} : { atLeast: level }),
    ...(rule === undefined ? {} : { ruleId: rule }),
    ...(since === undefined ? {} : { sinceMs: instantOf(since) }),
    ...(assignee === undefined ? {} : { assignee: assignee === 'none' ? null : assignee }),
    ...(q === undefined ? {} : { text: q }),
    ...(sort === undefined ? {} : { sort }),
  };
}

/** A leap second passes as RFC 3339 and is no time to a computer: compared with, it would silently find nothing. */
function instantOf(text: string): number {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs))
    throw new AlertError('alert_filter_invalid', `Cannot list alerts since "${text}": must be a time that clocks show`);
  return timeMs;
}

/** Where a page ends: severity, time of the last finding in milliseconds, number, rank. */
export const place = String.raw`^[1-5]\.(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})(\.(0|[1-9][0-9]{0,3}))?$`;

export function listPlace(alert: Alert): AlertListPlace {
  const { level, lastSeenAtMs, number } = alert;
  return { severityId: severityOfLevel(level), lastSeenAtMs, number, rank: rankOf(alert) };
}

export function formatPlace(last: Alert): string {
  const { severityId, lastSeenAtMs, number, rank } = listPlace(last);
  return `${severityId}.${lastSeenAtMs}.${number}.${rank}`;
}

/** `text` as `place` has it. */
export function placeOf(text: string): AlertListPlace {
  const [severityId = 1, lastSeenAtMs = 0, number = 0, rank = 0] = text.split('.').map(Number);
  return { severityId, lastSeenAtMs, number, rank };
}
