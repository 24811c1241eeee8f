/** Whose words a value is: the person's own, those of a tool that is trusted, or anybody's. */
export type AgentOrigin = 'person' | 'trusted' | 'untrusted';

/** Arguments as they came in JSON. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** Where a text of the session came from. */
export type Source = {
  readonly kind: 'prompt' | 'result';
  /** Of the call, or of the prompt. */
  readonly id: string;
  readonly origin: AgentOrigin;
  /** As people read it: `your prompt`, `the result of search_emails`. */
  readonly words: string;
  /** A result that the person's words asked for: every argument of its call is theirs, and there is one. */
  readonly isNamed?: boolean;
  /** A directory's answer for a place: who is in it. */
  readonly isMembers?: boolean;
  /** What its tool's name speaks of. */
  readonly about?: readonly string[];
  /** A result of a call without arguments: a whole list, of which the agent took something. */
  readonly isWhole?: boolean;
};

/** How a value was found again. */
export type FoundHow = 'word for word' | 'in another spelling' | 'decoded' | 'in parts' | 'nowhere';

/** The label of a value: whose words it is, and through which sources. */
export type Finding = {
  readonly origin: AgentOrigin;
  readonly how: FoundHow;
  /** The strongest first; at most `maxSources`. */
  readonly sources: readonly Source[];
};

export const maxSources = 8;

const rank: Readonly<Record<AgentOrigin, number>> = { person: 0, trusted: 1, untrusted: 2 };

/** The one that is trusted least; of none, the person's. */
export function worstOrigin(origins: Iterable<AgentOrigin>): AgentOrigin {
  let worst: AgentOrigin = 'person';
  for (const origin of origins) if (rank[origin] > rank[worst]) worst = origin;
  return worst;
}

export function compareOrigins(a: AgentOrigin, b: AgentOrigin): number {
  return rank[a] - rank[b];
}
