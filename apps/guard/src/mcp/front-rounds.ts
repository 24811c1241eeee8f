import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson, isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcOutcome, RpcRequest } from './json-rpc.ts';
import { askable } from './passing.ts';

/** A question of the client that the server goes on with, and what the server wants to know meanwhile. */
type Going = {
  readonly id: number;
  /** Of method and parameters: who asks again asks the same. */
  readonly digest: string;
  readonly can: JsonObject;
  /** Of the server, by the keys the client knows them by. */
  readonly questions: Map<string, RpcRequest>;
  outcome?: RpcOutcome;
  state?: string;
  /** Somebody waits for what comes next. */
  tell?: () => void;
  late?: NodeJS.Timeout;
};

/**
 * Questions that take several rounds, for clients of 2026-07-28 (multi round-trip requests): what the server wants to know in the middle of
 * one is its answer, with a state of ours; who asks the same again with that state and the answers hears what came of it. A state is a
 * number nobody can guess, good once, here, for the very same question.
 */
export type FrontRounds = {
  /** `ask`: sends it to the relay. */
  begin(
    request: Pick<RpcRequest, 'method' | 'params'>,
    how: {
      readonly id: number;
      readonly can: JsonObject;
      readonly ask: () => Promise<RpcOutcome>;
      readonly signal: AbortSignal;
    },
  ): Promise<RpcOutcome>;
  /** The client asks again. Undefined where it does not. */
  goOn(request: Pick<RpcRequest, 'method' | 'params'>, signal: AbortSignal): Promise<RpcOutcome> | undefined;
  /** A question of the server. False where it belongs to nothing that goes on here. */
  asked(question: RpcRequest): boolean;
  /** The server does not wait for that answer any more. */
  takenBack(id: RpcId): void;
  end(): void;
};

const maxGoing = 32;
/** For the client to come back. */
const keptMs = 10 * 60_000;

export function createFrontRounds({
  respond,
  takeBack,
}: {
  /** The answer of the client to a question of the server. */
  readonly respond: (id: RpcId, outcome: RpcOutcome) => void;
  /** Nobody comes back for it. */
  readonly takeBack: (id: number) => void;
}): FrontRounds {
  const going = new Map<number, Going>();
  const byState = new Map<string, Going>();
  let named = 0;

  function drop(one: Going): void {
    going.delete(one.id);
    if (one.state !== undefined) byState.delete(one.state);
    clearTimeout(one.late);
    for (const { id } of one.questions.values()) respond(id, failed(rpcCodes.internal, 'No answer of the client'));
    one.questions.clear();
    if (one.outcome === undefined) takeBack(one.id);
  }

  /** What came of it, or what is wanted first. */
  async function next(one: Going, signal: AbortSignal): Promise<RpcOutcome> {
    const onAbort = (): void => {
      drop(one);
      one.tell?.();
    };
    if (one.outcome === undefined && one.questions.size === 0) {
      signal.addEventListener('abort', onAbort, { once: true });
      await new Promise<void>((resolve) => {
        one.tell = resolve;
        if (signal.aborted) onAbort();
      });
      signal.removeEventListener('abort', onAbort);
    }
    if (signal.aborted) {
      // Nobody has a state to come back with.
      drop(one);
      return failed(rpcCodes.internal, 'Taken back');
    }
    // What is asked together comes together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (one.outcome !== undefined) {
      drop(one);
      return one.outcome;
    }
    const state = randomBytes(24).toString('base64url');
    one.state = state;
    byState.set(state, one);
    one.late = setTimeout(() => drop(one), keptMs).unref();
    const inputRequests: Record<string, JsonValue> = Object.fromEntries(
      [...one.questions].map(([key, { method, params }]) => [key, { method, params }]),
    );
    return { result: { resultType: 'input_required', inputRequests, requestState: state } };
  }

  function wake(one: Going): void {
    const { tell } = one;
    delete one.tell;
    tell?.();
  }

  return {
    begin({ method, params }, { id, can, ask, signal }) {
      if (going.size >= maxGoing) {
        const forgotten = [...going.values()].find(({ state }) => state !== undefined);
        if (forgotten === undefined)
          return Promise.resolve(failed(rpcCodes.internal, 'Sallyport: too much goes on already'));
        drop(forgotten);
      }
      const one: Going = { id, digest: digestOf(method, params), can, questions: new Map() };
      going.set(id, one);
      ask()
        .catch((error: unknown) => failed(rpcCodes.internal, String(error)))
        .then((outcome) => {
          one.outcome = outcome;
          // Nobody is asked for it any more.
          one.questions.clear();
          wake(one);
        })
        .catch(() => undefined);
      return next(one, signal);
    },

    goOn({ method, params: { inputResponses, requestState, ...params } }, signal) {
      if (inputResponses === undefined && requestState === undefined) return undefined;
      const one = typeof requestState === 'string' ? byState.get(requestState) : undefined;
      const no = (why: string) => Promise.resolve(failed(rpcCodes.invalidParams, `Sallyport: ${why}`));
      if (one === undefined) return no('this state is of no question that goes on here; ask again without it');
      if (one.digest !== digestOf(method, params)) return no('this state is of another question');
      if (inputResponses !== undefined && !isJsonObject(inputResponses))
        return no('"inputResponses" must be an object');
      byState.delete(one.state ?? '');
      delete one.state;
      clearTimeout(one.late);
      for (const [key, answer] of Object.entries(inputResponses ?? {})) {
        const question = one.questions.get(key);
        if (question === undefined || !isJsonObject(answer)) continue;
        one.questions.delete(key);
        respond(question.id, { result: answer });
      }
      return next(one, signal);
    },

    asked(question) {
      const one = typeof question.of === 'number' ? going.get(question.of) : undefined;
      if (one === undefined || one.outcome !== undefined) return false;
      if (!isJsonObject(one.can[askable.get(question.method) ?? ''])) {
        const reason = `the client cannot be asked for "${question.method}"`;
        respond(question.id, failed(rpcCodes.noSuchMethod, reason));
        return true;
      }
      one.questions.set(`q${(named += 1)}`, question);
      wake(one);
      return true;
    },

    takenBack(id) {
      for (const { questions } of going.values())
        for (const [key, question] of questions) if (question.id === id) questions.delete(key);
    },

    end() {
      for (const one of going.values()) drop(one);
    },
  };
}

function digestOf(method: string, { _meta: _left, ...params }: JsonObject): string {
  return createHash('sha256')
    .update(canonicalJson([method, params]))
    .digest('base64');
}
