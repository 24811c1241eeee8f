import type { StrangerSignal } from './signals.ts';
import { stateLimits } from './state.ts';
import type { State } from './state.ts';

export type StrangerTelling = {
  readonly signal: StrangerSignal;
  readonly words: string;
  readonly source?: string;
  readonly target?: string;
};

const burst = 8;
const burstWithinMs = 600_000;
const secondFactors = 3;
const manySources = 10;
const manyFailures = 30;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const afterPassword: ReadonlySet<string> = new Set(['code_wrong', 'recovery_code_wrong']);

/**
 * Somebody failed to sign in as them. It says what strangers try, and nothing of the person: no risk comes of it, or whoever tries most
 * would decide who may come in. What fails in a browser whose key is known is their own mistake.
 */
export function failedFor(
  state: State,
  failure: {
    readonly atMs: number;
    readonly source: string;
    readonly sourceHash: string;
    readonly reason: string;
    readonly agent: string;
    readonly isOwners: boolean;
  },
): readonly StrangerTelling[] {
  const { atMs, source, sourceHash, reason, isOwners } = failure;
  const known = state.failures.find((one) => one.source === source);
  const isSecondFactor = afterPassword.has(reason);
  const isGoingOn = known !== undefined && atMs - known.lastMs < hourMs && known.isSecondFactor === isSecondFactor;
  const counted = {
    source,
    count: isGoingOn ? known.count + 1 : 1,
    firstMs: isGoingOn ? known.firstMs : atMs,
    lastMs: atMs,
    toldMs: known?.toldMs ?? 0,
    isSecondFactor,
  };
  state.failures = [...state.failures.filter((one) => one !== known), counted].slice(-stateLimits.sources);
  if (isOwners) return [];
  const told: StrangerTelling[] = [];
  const target = state.name;
  const mayTell = atMs - counted.toldMs >= dayMs;
  if (mayTell && isSecondFactor && counted.count >= secondFactors) {
    counted.toldMs = atMs;
    told.push({
      signal: 'password-known',
      words: `${counted.count} wrong codes after the right password, from ${source}`,
      source,
      target,
    });
  } else if (mayTell && !isSecondFactor && counted.count >= burst && atMs - counted.firstMs <= burstWithinMs) {
    counted.toldMs = atMs;
    told.push({
      signal: 'failed-burst',
      words: `${counted.count} failed sign-ins for one account from ${source} within ten minutes`,
      source,
      target,
    });
  }
  return [...told, ...countAgainst(state, sourceHash, atMs)];
}

function countAgainst(state: State, sourceHash: string, atMs: number): readonly StrangerTelling[] {
  const { against } = state;
  const isNew = atMs - against.lastMs >= dayMs;
  if (isNew) state.against = { firstMs: atMs, lastMs: atMs, count: 0, sources: [], toldMs: against.toldMs };
  const now = state.against;
  now.count += 1;
  now.lastMs = atMs;
  if (!now.sources.includes(sourceHash) && now.sources.length < stateLimits.attackers) now.sources.push(sourceHash);
  const isMany = now.sources.length >= manySources || (now.sources.length > 1 && now.count >= manyFailures);
  if (!isMany || atMs - now.toldMs < dayMs) return [];
  now.toldMs = atMs;
  return [
    {
      signal: 'targeted',
      words: `${now.count} failed sign-ins for one account from ${now.sources.length}${now.sources.length >= stateLimits.attackers ? ' or more' : ''} places within a day`,
      target: state.name,
    },
  ];
}
