import { printable } from '../../parts/printable.ts';
import type { Agent, Run, Stop } from './agents-query.ts';

export const packNames: Readonly<Record<Agent['pack'], string>> = {
  observe: 'Observe',
  developer: 'Developer',
  unattended: 'Unattended',
  'locked-down': 'Locked down',
};

export const packWords: Readonly<Record<Agent['pack'], string>> = {
  observe: 'Observe: everything goes ahead and is recorded',
  developer: 'Developer: what you ask for goes ahead, the rest is asked',
  unattended: 'Unattended: nobody is there to be asked',
  'locked-down': 'Locked down: little goes ahead',
};

/** From here on policies heed the risk of an agent, and of whoever it acts for (decision 0103). */
const heldFrom = 75;

/** What the policies of an agent make of its risk. */
export function heldWords(pack: Agent['pack'], risk: number): string {
  const isHeld = risk >= heldFrom;
  const from = isHeld ? `Since it is ${heldFrom} or more, it is` : `Were it ${heldFrom} or more, it would be`;
  switch (pack) {
    case 'observe':
      return 'Its policies ask about nothing, whatever its risk is.';
    case 'developer':
      return `${from} asked about whatever sends, listens, pays, messages, grants or reads secrets. What it only reads goes on.`;
    case 'locked-down':
      return `${from} asked about whatever has an effect. What it only reads goes on.`;
    case 'unattended':
      return `${from} refused whatever sends, listens, pays, messages, grants or reads secrets. What it only reads goes on.`;
  }
}

/** From this risk of whoever an agent acts for the packs ask or refuse. */
const heldForOwnerFrom = 90;

/** What they make of the risk of whoever it acts for: how great that is now, other rooms tell. */
export function heldForOwnerWords(pack: Agent['pack']): string | undefined {
  const from = `From a risk of ${heldForOwnerFrom} on of whoever it acts for, it is`;
  switch (pack) {
    case 'observe':
      return undefined;
    case 'developer':
      return `${from} asked about the same.`;
    case 'locked-down':
      return `${from} asked about whatever has an effect, too.`;
    case 'unattended':
      return `${from} refused whatever pays, gives access or changes a credential.`;
  }
}

/** Whom an agent acts for, where they are still known. */
export function ownerName({ owner }: Agent): string {
  return owner.name === '' ? 'nobody any more' : printable(owner.name);
}

const harnessWords: Readonly<Record<Agent['harness'], string>> = {
  'claude-code': 'Claude Code',
  codex: 'Codex',
  'gemini-cli': 'Gemini CLI',
  cursor: 'Cursor',
  other: 'another harness',
};

export function harnessName(harness: Agent['harness']): string {
  return harnessWords[harness];
}

const endWords: Readonly<Record<string, string>> = {
  finished: 'finished',
  'ended-by-hand': 'ended by hand',
  stopped: 'stopped',
  expired: 'not heard of any more',
};

export function callWords({ calls_judged: judged, calls_refused: refused }: Run): string {
  const calls = `${judged} ${judged === 1 ? 'call' : 'calls'} decided`;
  return refused === 0 ? calls : `${calls}, ${refused} refused`;
}

/** How a run stands. A run whose hooks never came is not watched, however well it looks. */
export function runState(run: Run, nowMs: number): { readonly words: string; readonly tone: 'good' | 'quiet' | 'bad' } {
  if (run.ended_for !== undefined) return { words: endWords[run.ended_for] ?? 'over', tone: 'quiet' };
  if (run.hook_at_ms === undefined && nowMs - run.started_at_ms > 120_000)
    return { words: 'no hook was ever heard', tone: 'bad' };
  return { words: 'goes on', tone: 'good' };
}

export function stopWords({ scope, value }: Stop, agents: readonly Agent[]): string {
  switch (scope) {
    case 'all':
      return 'All agents are stopped';
    case 'agent':
      return `Agent ${agents.find(({ id }) => id === value)?.name ?? value} is stopped`;
    case 'person':
      return `All agents of ${agents.find(({ owner }) => owner.id === value)?.owner.name ?? value} are stopped`;
    case 'model':
      return `All agents on ${value} are stopped`;
    case 'session':
      return `Run ${value} is stopped`;
  }
}
