import type * as CedarModule from '@cedar-policy/cedar-wasm/nodejs';
import type { CheckParseAnswer, DetailedError, PolicySet, Schema } from '@cedar-policy/cedar-wasm/nodejs';
import { messageOf } from '@sallyport/platform/errors';

type Cedar = Pick<
  typeof CedarModule,
  | 'policySetTextToParts'
  | 'policyToJson'
  | 'schemaToJson'
  | 'validate'
  | 'preparseSchema'
  | 'preparsePolicySet'
  | 'statefulIsAuthorized'
>;

/** How the engine of a thread is. Broken, it answers nothing, and whoever asks denies. */
export type EngineCondition = {
  readonly isBroken: boolean;
  /** How often it broke. */
  readonly failures: number;
  /** Why, the last time. */
  readonly reason?: string;
  /** Whole seconds until it is begun anew; left out where it is not broken. */
  readonly againInSeconds?: number;
};

/**
 * Cedar's engine, through which everything goes. Whatever it throws leaves its stack as it was then, a little of it each time, until nothing it is
 * asked comes to an end any more: after a throw it is not used again. The next call begins it anew, with all it was given to keep; a second
 * throw within a minute is answered by throws alone until the minute is over, so that a policy that breaks it each time costs no more than
 * that. What would make it throw by its form, a text that is no Unicode or values as deep as its reader goes, is a failure like any other and does
 * not reach it.
 */
export type Engine = Cedar & {
  /** How many calls threw. What was answered while this rose rests on a failure, and is not to be remembered. */
  thrown(): number;
  condition(): EngineCondition;
  /** Told once each time it breaks. */
  onTrouble(tell: (reason: string) => void): void;
};

/** In place of a schema that is not needed any more. */
export const noSchema = 'entity Nobody;';

/** `load`: a fresh one with each call. */
export function createEngine(needs: {
  readonly load: () => Cedar;
  readonly nowMs?: () => number;
  readonly restMs?: number;
}): Engine {
  const { load, nowMs = () => performance.now(), restMs = 60_000 } = needs;
  const schemas = new Map<string, Schema>();
  const sets = new Map<string, PolicySet>();
  const listeners: ((reason: string) => void)[] = [];
  let current: Cedar | undefined;
  let broken: { readonly reason: string; readonly againAtMs: number } | undefined;
  let begunAnewMs = -Infinity;
  let [failures, thrown] = [0, 0];
  let lastReason: string | undefined;

  function breaks(error: unknown): void {
    const reason = messageOf(error).slice(0, 500);
    current = undefined;
    broken = { reason, againAtMs: begunAnewMs + restMs };
    lastReason = reason;
    failures += 1;
    for (const tell of listeners) tell(reason);
  }

  function begin(): Cedar {
    if (broken !== undefined) begunAnewMs = nowMs();
    const fresh = load();
    for (const answer of [
      ...[...schemas].map(([name, schema]) => fresh.preparseSchema(name, schema)),
      ...[...sets].map(([name, set]) => fresh.preparsePolicySet(name, set)),
    ])
      if (answer.type === 'failure') throw new TypeError(answer.errors.map(({ message }) => message).join('; '));
    broken = undefined;
    return fresh;
  }

  function call<Answer>(given: readonly unknown[], run: (cedar: Cedar) => Answer): Answer | Refused {
    if (!given.every((value) => isReadable(value, deepest)))
      return refused('What is asked must be Unicode, and not nested too deeply');
    if (broken !== undefined && nowMs() < broken.againAtMs) {
      thrown += 1;
      throw new Error(`The policy engine broke, and is begun anew within a minute: ${broken.reason}`);
    }
    try {
      current ??= begin();
      return run(current);
    } catch (error) {
      thrown += 1;
      breaks(error);
      throw error;
    }
  }

  /** Whatever happens: one that is begun anew is not given it again. */
  function emptied(
    kept: Map<string, unknown>,
    name: string,
    run: (cedar: Cedar) => CheckParseAnswer,
  ): CheckParseAnswer {
    kept.delete(name);
    if (current === undefined) return { type: 'success' };
    try {
      return call([name], run);
    } catch {
      return { type: 'success' };
    }
  }

  return {
    policySetTextToParts: (text) => call([text], (cedar) => cedar.policySetTextToParts(text)),
    policyToJson: (policy) => call([policy], (cedar) => cedar.policyToJson(policy)),
    schemaToJson: (schema) => call([schema], (cedar) => cedar.schemaToJson(schema)),
    validate: (asked) => call([asked], (cedar) => cedar.validate(asked)),
    preparseSchema(name, schema) {
      if (schema === noSchema) return emptied(schemas, name, (cedar) => cedar.preparseSchema(name, schema));
      const answer = call([name, schema], (cedar) => cedar.preparseSchema(name, schema));
      if (answer.type === 'success') schemas.set(name, schema);
      return answer;
    },
    preparsePolicySet(name, set) {
      if (Object.keys(set.staticPolicies ?? {}).length === 0)
        return emptied(sets, name, (cedar) => cedar.preparsePolicySet(name, set));
      const answer = call([name, set], (cedar) => cedar.preparsePolicySet(name, set));
      if (answer.type === 'success') sets.set(name, set);
      return answer;
    },
    statefulIsAuthorized: (asked) => call([asked], (cedar) => cedar.statefulIsAuthorized(asked)),
    thrown: () => thrown,
    condition() {
      const again = broken === undefined ? {} : { againInSeconds: secondsUntil(broken.againAtMs - nowMs()) };
      return {
        isBroken: broken !== undefined,
        failures,
        ...(lastReason === undefined ? {} : { reason: lastReason }),
        ...again,
      };
    },
    onTrouble: (tell) => void listeners.push(tell),
  };
}

type Refused = { type: 'failure'; errors: DetailedError[]; warnings: DetailedError[] };

/** Half of what its reader of JSON goes down. */
const deepest = 64;

function isReadable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isReadable(item, depth - 1));
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isReadable(item, depth - 1));
}

function refused(message: string): Refused {
  return { type: 'failure', errors: [{ message, help: null, code: null, url: null, severity: null }], warnings: [] };
}

function secondsUntil(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}
