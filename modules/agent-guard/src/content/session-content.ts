import { createVault, redact, restore, signalsOf } from '@sallyport/content-redaction';
import type { KindCount, KnownValue } from '@sallyport/content-redaction';
import { isJsonObject } from '@sallyport/contracts';
import type { AgentContent, JsonObject, JsonValue } from '@sallyport/contracts';
import type { FoundContent } from '../decisions/index.ts';
import type { HookCall } from '../calls/hook-message.ts';

/** A call with tokens put back to what they stand for. */
export type WholeCall = {
  readonly call: HookCall;
  readonly restored: number;
  /** What was put back, each once. */
  readonly values: readonly KnownValue[];
  /** Why it may not go: what it holds cannot be put back. */
  readonly refusal?: string;
};

/** A call as it is written down and shown: with tokens in place of secrets and of what was put back. */
export type ToldCall = {
  /** Its arguments; undefined where there is nothing to hide. */
  readonly shown: JsonObject | undefined;
  /** A text about it; of what it holds nothing of more than a few signs stays, also where the text has but their beginning. */
  hide(text: string): string;
};

/** What an answer held, and what the agent reads in its place. */
export type ReadAnswer = {
  readonly found?: AgentContent;
  /** Left out where it is read as it came. */
  readonly output?: JsonValue;
};

/** Secrets, personal data and signals in what goes in and out of one session; the values of its tokens are here and nowhere else. */
export type SessionContent = {
  /** Of what the person typed; it is never changed. */
  typed(text: string): AgentContent | undefined;
  whole(call: HookCall): WholeCall;
  /** What tokens stand for, but what is so short that it stands in any text. */
  known(): readonly KnownValue[];
  told(whole: WholeCall): ToldCall;
  came(call: HookCall, result: JsonValue): ReadAnswer;
};

export function createSessionContent({
  mark,
  reveals,
  isWatching,
}: {
  /** Nobody can guess it; tokens of other sessions are none here. */
  readonly mark: string;
  /** Whether the agent may read what was found as it stands. */
  readonly reveals: (call: HookCall, found: FoundContent) => boolean;
  /** Nothing is stopped: a token that cannot be put back goes as it is. */
  readonly isWatching: boolean;
}): SessionContent {
  const vault = createVault({ mark });
  return {
    typed: (text) => contentOf(redact(text)),

    whole(call) {
      const { value, restored, values, unknown } = restore(call.input, vault);
      if (unknown.length > 0 && !isWatching) {
        return {
          call,
          restored: 0,
          values: [],
          refusal:
            `It holds ${unknown.slice(0, 3).join(', ')}, which stands for a value that is not known here: it is of another run, or was ` +
            'forgotten, as after a restart. Read it again where it came from',
        };
      }
      if (restored === 0 || !isJsonObject(value)) return { call, restored: 0, values: [] };
      // A call to a server may come through the gateway yet, which can; a token that comes to a server as it is says nothing.
      const isLost = call.rewrites?.input !== true && call.server === undefined;
      return {
        call: { ...call, input: value },
        restored,
        values,
        ...(isLost
          ? {
              refusal:
                'It holds a token for a secret, and what runs it cannot be given the value: newer versions of some harnesses and the MCP gateway can',
            }
          : {}),
      };
    },

    known: vault.values,

    told({ call: { input }, values }) {
      const hiding = { classes: ['secret'], vault, known: values } as const;
      const { value: shown, replaced, pieces } = redact(input, hiding);
      const parts = hiddenParts(pieces, values);
      return {
        shown: replaced > 0 && isJsonObject(shown) ? shown : undefined,
        hide(text) {
          const { value, isCut } = redact(text, hiding);
          return isCut || typeof value !== 'string' || parts.length >= maxHidden ? leftOut : withoutParts(value, parts);
        },
      };
    },

    came(call, result) {
      const known = new Map<string, boolean>();
      const isHidden = (found: FoundContent): boolean => {
        const key = `${found.class} ${found.kind} ${found.confidence}`;
        const isKnown = known.get(key) ?? !reveals(call, found);
        known.set(key, isKnown);
        return isKnown;
      };
      const canReplace = call.rewrites?.output === true;
      const { value, found, replaced, isCut } = redact(
        result,
        canReplace ? { vault, replaces: isHidden } : { known: vault.values() },
      );
      const signals = signalsOf(typeof result === 'string' ? result : JSON.stringify(result)).map(({ kind }) => kind);
      const content = contentOf({ found, isCut }, { signals, redacted: replaced });
      return {
        ...(content === undefined ? {} : { found: content }),
        ...(replaced > 0 ? { output: value } : {}),
      };
    },
  };
}

/** So many of a secret say nothing of it: `sk_live_`. */
const shownSigns = 8;
/** Of so many secrets in one call nobody is told anything. */
const maxHidden = 1000;
const leftOut = '[left out: more than is looked at]';

/** What is hidden in texts about a call; of what was put back also each part, as paths are taken apart. Longest first. */
function hiddenParts(pieces: readonly KnownValue[], restored: readonly KnownValue[]): readonly string[] {
  const parts = restored.flatMap(({ text }) =>
    text.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length >= shownSigns),
  );
  const all = new Set([...pieces.map(({ text }) => text), ...parts]);
  return [...all].toSorted((a, b) => b.length - a.length);
}

function withoutParts(text: string, parts: readonly string[]): string {
  let hidden = text;
  for (const part of parts) {
    const beginning = part.slice(0, shownSigns);
    if (part.length <= shownSigns) hidden = hidden.replaceAll(part, '…');
    else
      for (let at = hidden.indexOf(beginning); at >= 0; at = hidden.indexOf(beginning, at + 1))
        hidden = `${hidden.slice(0, at)}…${hidden.slice(at + commonLength(hidden.slice(at), part))}`;
  }
  return hidden;
}

function commonLength(text: string, secret: string): number {
  let length = 0;
  while (length < secret.length && text[length] === secret[length]) length += 1;
  return length;
}

/** As it stands in the ledger; undefined where nothing was found. */
export function contentOf(
  { found, isCut }: { readonly found: readonly KindCount[]; readonly isCut: boolean },
  beside: { readonly signals?: readonly string[]; readonly redacted?: number; readonly restored?: number } = {},
): AgentContent | undefined {
  const of = (wanted: KindCount['class']) =>
    found.flatMap(({ class: is, kind, count }) => (is === wanted ? [{ kind, count }] : []));
  const [secrets, personal] = [of('secret'), of('personal')];
  const { signals = [], redacted = 0, restored = 0 } = beside;
  const content: AgentContent = {
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(personal.length === 0 ? {} : { personal }),
    ...(signals.length === 0 ? {} : { signals }),
    ...(redacted === 0 ? {} : { redacted }),
    ...(restored === 0 ? {} : { restored }),
    ...(isCut ? { isCut } : {}),
  };
  return Object.keys(content).length === 0 ? undefined : content;
}

const kindNames: Readonly<Record<string, string>> = {
  jwt: 'JSON Web Token',
  iban: 'bank account',
  'us-ssn': 'social security number',
};

/** What was found, for a person: `2 secrets (aws key, password)`. Empty for nothing. */
export function sayContent({ secrets = [], personal = [] }: AgentContent): string {
  const say = (counted: NonNullable<AgentContent['secrets']>, one: string, many: string): string[] => {
    const all = counted.reduce((sum, { count }) => sum + count, 0);
    if (all === 0) return [];
    const kinds = counted.slice(0, 4).map(({ kind }) => kindNames[kind] ?? kind.replaceAll('-', ' '));
    return [`${all} ${all === 1 ? one : many} (${kinds.join(', ')}${counted.length > 4 ? ' and others' : ''})`];
  };
  return [
    ...say(secrets, 'secret', 'secrets'),
    ...say(personal, 'piece of personal data', 'pieces of personal data'),
  ].join(' and ');
}
