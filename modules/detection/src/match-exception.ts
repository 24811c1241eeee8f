import { compileExceptionCondition, parseExceptionCondition } from '@sallyport/sigma-rules';
import type { SigmaEvent, SigmaExceptionCondition, SigmaFieldMapping, SigmaRule } from '@sallyport/sigma-rules';
import type { EventEntities } from './event-entities.ts';

/** An exception as the matching threads get it. They say whether its condition and bounds hold; whether it is in force is the host's to say. */
export type MatchException = {
  /** Names this text of it: what was read under a key is not read again. */
  readonly key: string;
  readonly rules: 'all' | readonly string[];
  /** Search identifiers and a condition, as YAML: see `parseExceptionCondition`. */
  readonly condition: string;
  /** Further bounds, whole and in any case, on what a finding would name as its host, user and site. */
  readonly host?: string;
  readonly user?: string;
  readonly site?: string;
};

/** An exception whose condition cannot be read: it holds nothing back. */
export type ExceptionRefusal = { readonly key: string; readonly line: number; readonly reason: string };

export type MatchExceptions = {
  /** Replaces what was set before. */
  use(exceptions: readonly MatchException[]): readonly ExceptionRefusal[];
  /** Keys of the exceptions of the rule that hold for the event, in the order they were given in. */
  holding(rule: SigmaRule, event: SigmaEvent, entities: () => EventEntities): readonly string[];
};

type Loaded = {
  readonly exception: MatchException;
  readonly condition: SigmaExceptionCondition;
  /** By rule: the fields of a condition go by the names of the rule's log source. Compiled when first needed. */
  readonly tests: Map<string, (event: SigmaEvent) => boolean>;
};

/** Evaluates exceptions beside the rules of one set, on matches alone. */
export function createMatchExceptions(mappings: readonly SigmaFieldMapping[]): MatchExceptions {
  let known = new Map<string, Loaded>();
  let ofRule = new Map<string, Loaded[]>();
  let ofAll: Loaded[] = [];

  function load(exception: MatchException): Loaded | ExceptionRefusal {
    const before = known.get(exception.key);
    if (before !== undefined) return before;
    const parsed = parseExceptionCondition(exception.condition);
    if (parsed.kind === 'refused') {
      return { key: exception.key, line: parsed.refusal.line, reason: parsed.refusal.reason };
    }
    return { exception, condition: parsed.condition, tests: new Map() };
  }

  function holds({ exception, condition, tests }: Loaded, rule: SigmaRule, event: SigmaEvent): boolean {
    let test = tests.get(rule.id);
    if (test === undefined) {
      test = compileExceptionCondition(condition, rule, mappings);
      // Of all rules one condition could be compiled thousands of times.
      if (exception.rules !== 'all' || tests.size < 100) tests.set(rule.id, test);
    }
    return test(event);
  }

  return {
    use(exceptions) {
      const loaded = exceptions.map(load);
      const sound = loaded.filter((one) => 'exception' in one);
      known = new Map(sound.map((one) => [one.exception.key, one]));
      ofRule = new Map();
      ofAll = [];
      for (const one of sound) {
        const { rules } = one.exception;
        if (rules === 'all') ofAll.push(one);
        else for (const id of new Set(rules)) ofRule.set(id, [...(ofRule.get(id) ?? []), one]);
      }
      return loaded.filter((one) => 'reason' in one);
    },
    holding(rule, event, entities) {
      const own = ofRule.get(rule.id);
      if (own === undefined && ofAll.length === 0) return [];
      return [...(own ?? []), ...ofAll]
        .filter((one) => isWithin(one.exception, entities) && holds(one, rule, event))
        .map(({ exception }) => exception.key);
    },
  };
}

/** Whether what a finding would name lies within the further bounds. */
export function isWithin(
  { host, user, site }: Pick<MatchException, 'host' | 'user' | 'site'>,
  entities: () => EventEntities,
): boolean {
  if (host === undefined && user === undefined && site === undefined) return true;
  const found = entities();
  return isSame(host, found.host) && isSame(user, found.user) && isSame(site, found.entities?.site);
}

function isSame(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || wanted.toLowerCase() === found?.toLowerCase();
}
