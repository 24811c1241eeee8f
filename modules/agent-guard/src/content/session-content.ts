import { createVault, redact, restore, signalsOf } from '@sallyport/content-redaction';
import type { KindCount } from '@sallyport/content-redaction';
import { isJsonObject } from '@sallyport/contracts';
import type { AgentContent, JsonObject, JsonValue } from '@sallyport/contracts';
import type { FoundContent } from '../decisions/index.ts';
import type { HookCall } from '../hooks/hook-message.ts';

/** A call with tokens put back to what they stand for. */
export type WholeCall = {
  readonly call: HookCall;
  readonly restored: number;
  /** Why it may not go: what it holds cannot be put back. */
  readonly refusal?: string;
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
  /** The arguments with tokens in place of secrets, as people are shown them; undefined where there is nothing to hide. */
  shown(input: JsonObject): JsonObject | undefined;
  /**
   * One text of those that are written down or shown, with tokens in place of secrets; of those that `input` holds nothing of more than a few
   * signs stays, also where the text has but their beginning.
   */
  hide(text: string, input?: JsonObject): string;
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
      const { value, restored, unknown } = restore(call.input, vault);
      if (unknown.length > 0 && !isWatching) {
        return {
          call,
          restored: 0,
          refusal:
            `It holds ${unknown.slice(0, 3).join(', ')}, which stands for a value that is not known here: it is of another run, or was ` +
            'forgotten, as after a restart. Read it again where it came from',
        };
      }
      if (restored === 0 || !isJsonObject(value)) return { call, restored: 0 };
      // A call to a server may come through the gateway yet, which can; a token that comes to a server as it is says nothing.
      const isLost = call.rewrites?.input !== true && call.server === undefined;
      return {
        call: { ...call, input: value },
        restored,
        ...(isLost
          ? {
              refusal:
                'It holds a token for a secret, and what runs it cannot be given the value: newer versions of some harnesses and the MCP gateway can',
            }
          : {}),
      };
    },

    shown(input) {
      const { value, replaced } = redact(input, { classes: ['secret'], vault });
      return replaced > 0 && isJsonObject(value) ? value : undefined;
    },

    hide(text, input = {}) {
      const { value } = redact(text, { classes: ['secret'], vault });
      let hidden = typeof value === 'string' ? value : '';
      for (const { text: secret } of redact(input, { classes: ['secret'] }).pieces) {
        const beginning = secret.slice(0, shownSigns);
        if (secret.length <= shownSigns) hidden = hidden.replaceAll(secret, '…');
        else
          for (let at = hidden.indexOf(beginning); at >= 0; at = hidden.indexOf(beginning, at + 1))
            hidden = `${hidden.slice(0, at)}…${hidden.slice(at + commonLength(hidden.slice(at), secret))}`;
      }
      return hidden;
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
      const { value, found, replaced, isCut } = redact(result, canReplace ? { vault, replaces: isHidden } : {});
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
