import type { AgentHappening, AgentVerdict } from '@sallyport/contracts';
import { visibleLine } from './visible-text.ts';

/** One thing that a run did, as whoever is asked reads it. */
export type SessionStep = {
  readonly atMs: number;
  readonly words: string;
  readonly verdict?: AgentVerdict;
};

/** The last steps of each run, in memory: what came before a question. The whole stands in the ledger. */
export type SessionSteps = {
  note(sessionId: string, atMs: number, happening: AgentHappening): void;
  /** The last ones, the oldest first. */
  last(sessionId: string): readonly SessionStep[];
  /** What a call was, by the id its harness gave it. */
  callNamed(sessionId: string, callId: string): string | undefined;
  forget(sessionId: string): void;
};

const limits = { sessions: 500, kept: 60, shown: 15 } as const;

type Kept = SessionStep & { readonly call?: string };

export function createSessionSteps(): SessionSteps {
  const runs = new Map<string, Kept[]>();
  return {
    note(sessionId, atMs, happening) {
      const step = stepOf(happening);
      if (step === undefined) return;
      const kept = runs.get(sessionId) ?? [];
      runs.delete(sessionId);
      runs.set(sessionId, kept);
      kept.push({ atMs, ...step });
      if (kept.length > limits.kept) kept.shift();
      for (const id of runs.keys()) {
        if (runs.size <= limits.sessions) break;
        runs.delete(id);
      }
    },
    last: (sessionId) => (runs.get(sessionId) ?? []).slice(-limits.shown).map(({ call: _call, ...step }) => step),
    callNamed: (sessionId, callId) => runs.get(sessionId)?.findLast(({ call }) => call === callId)?.words,
    forget: (sessionId) => void runs.delete(sessionId),
  };
}

function stepOf(happening: AgentHappening): Omit<Kept, 'atMs'> | undefined {
  switch (happening.kind) {
    case 'prompt_given':
      return {
        words: happening.origin === 'person' ? 'Somebody asked for something' : 'A prompt came that nobody typed',
      };
    case 'tool_decided': {
      const { call, verdict } = happening;
      const what = call.target ?? call.destination?.name;
      const words = visibleLine(what === undefined ? call.tool.name : `${call.tool.name}: ${what}`, 300);
      return { words, verdict, ...(call.id === '' ? {} : { call: call.id }) };
    }
    case 'tool_finished':
      return {
        words: `${visibleLine(happening.call.tool.name, 200)} ${happening.isSuccess ? 'came back' : 'failed'}, ${
          happening.content === 'untrusted' ? 'with words of others' : 'with trusted words'
        }`,
      };
    case 'approval_answered': {
      const { answer, answeredBy: by } = happening;
      const who = by === undefined ? 'Nobody' : visibleLine(by, 100);
      return { words: answer === 'expired' ? 'Nobody answered' : `${who} said ${answer === 'allow' ? 'yes' : 'no'}` };
    }
    default:
      return undefined;
  }
}
