import { createHash } from 'node:crypto';
import { canonicalJson, isJsonObject, isLiveTask, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { digestOf, keyOf, shownOffer } from '@sallyport/tool-pins';
import type { Definition, OfferDefinition } from '@sallyport/tool-pins';
import type { AskServer, ServerAnswer } from './ask-server.ts';
import type { Gate, GatedCall, ServerWords, Told } from './gate.ts';
import type { SignInEvent } from './sign-in/sign-in-events.ts';
import { ListError } from './read-pages.ts';
import { readTold } from './read-told.ts';
import type { Spool } from './spool.ts';
import { createUnaskedCalls } from './unasked-calls.ts';

/** How long the server may keep a call until a person has answered. */
const personSeconds = 240;

/** Of why a task brings nothing any more: what the server takes. Words of whoever stopped a run may be longer. */
const longestReason = 500;

/**
 * The server of Sallyport decides. While nobody can reach it, nothing passes; with `spool` what was approved before goes on, and is
 * recorded afterwards. A no is a no, a slow answer too: only who cannot be reached at all is gone past.
 */
export function createServerGate({
  name,
  ask,
  spool,
  session,
  nowMs,
  say,
}: {
  readonly name: string;
  readonly ask: AskServer;
  /** There where the organisation lets calls go on unasked. */
  readonly spool?: Spool;
  /** The run, as the environment names it. */
  readonly session?: string;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
}): Gate {
  let words: ServerWords | undefined;
  /** What the server said last of the whole, and which definitions it let. */
  let last: Pick<Told, 'isApproved' | 'reason'> | undefined;
  const lets = new Map<string, string>();
  const unasked = createUnaskedCalls(nowMs);
  const missedOf = ({ kind, name: called, input }: GatedCall): Parameters<Spool['keep']>[0] => ({
    server: name,
    kind,
    name: called,
    at_ms: nowMs(),
    input_digest: createHash('sha256').update(canonicalJson(input)).digest('hex'),
    ...(session === undefined ? {} : { session }),
  });

  /** Each answer says that the server is there again. */
  async function drain(): Promise<void> {
    await spool?.drain(async (calls) => {
      const answer = await ask.post({ path: '/v1/agent/gateway/missed', body: { calls: calls.map(plain) } });
      if (answer.kind === 'refused') say(`cannot record what went unasked: ${answer.reason}`);
      return answer.kind === 'answer';
    });
  }
  async function post(question: Parameters<AskServer['post']>[0]): Promise<ServerAnswer> {
    try {
      // What went unasked before is recorded before anything more is judged.
      await drain();
    } catch (error) {
      return { kind: 'refused', reason: `what went unasked cannot be recorded (${String(error)})` };
    }
    return ask.post(question);
  }

  /** A server that was started again hears once more what the tools are. */
  async function postKnown(question: Parameters<AskServer['post']>[0]): Promise<ServerAnswer> {
    const answer = await post(question);
    if (answer.kind !== 'answer' || answer.body['is_forgotten'] !== true || words === undefined) return answer;
    try {
      await gate.tell(words);
    } catch (error) {
      return { kind: 'refused', reason: String(error) };
    }
    return ask.post(question);
  }

  const gate: Gate = {
    async tell(server) {
      words = { ...words, ...server, offers: { ...words?.offers, ...server.offers } };
      const answer = await post({ path: '/v1/agent/gateway/servers', body: bodyOfWords({ ...server, name }) });
      if (answer.kind === 'answer') {
        const told = readTold(answer.body);
        last = told;
        for (const one of definitionsIn(server)) {
          const { isLet } = (one.kind === undefined ? told.tools.get(one.name) : told.offers?.get(keyOf(one))) ?? {};
          if (isLet === true) lets.set(keyOf(one), digestOf(one));
          else lets.delete(keyOf(one));
        }
        return told;
      }
      if (answer.kind === 'unreachable' && spool !== undefined) {
        say(`the server cannot be reached (${answer.reason}); going on with what it approved before`);
        return openTold(server);
      }
      const reason = noAnswer(answer);
      say(reason);
      // Its registry takes no more of this list: what it holds of it already goes on.
      if (answer.kind === 'refused' && answer.code === 'agent_limit_reached')
        throw new ListError('too_many_listed', reason);
      throw new Error(reason);
    },

    async judge(call, signal) {
      const path = '/v1/agent/gateway/calls';
      const question = { path, body: bodyOf(name, call), waitSeconds: personSeconds, signal };
      const answer = await postKnown(question);
      if (answer.kind === 'answer') {
        const { verdict, reason } = answer.body;
        const said = typeof reason === 'string' && reason !== '' ? reason : 'Sallyport: refused';
        const input = answer.body['arguments'];
        return { isLet: verdict === 'allow', reason: said, ...(isJsonObject(input) ? { input } : {}) };
      }
      if (answer.kind === 'unreachable' && spool !== undefined && !signal.aborted) {
        try {
          unasked.add(call.id);
          spool.keep(missedOf(call));
        } catch (error) {
          unasked.delete(call.id);
          return { isLet: false, reason: `Sallyport: the call cannot be recorded (${String(error)})` };
        }
        say(`"${call.name}" goes unasked: the server cannot be reached (${answer.reason})`);
        return { isLet: true, reason: '' };
      }
      return { isLet: false, reason: noAnswer(answer) };
    },

    async finished(call, { result, isSuccess, durationMs, task }) {
      // What went unasked is told as such, and what it brought counts as the worst there is. What a task brought may be asked for twice.
      if (task === undefined ? unasked.delete(call.id) : unasked.has(call.id))
        return task === undefined ? {} : heldSince(await gate.standing());
      const answer = await postKnown({
        path: '/v1/agent/gateway/results',
        body: {
          ...bodyOf(name, call),
          result,
          is_success: isSuccess,
          duration_ms: Math.min(durationMs, 86_400_000),
          ...(task === undefined ? {} : { task }),
        },
      });
      if (answer.kind === 'answer') {
        const { result: instead } = answer.body;
        return heldIn(answer.body) ?? (isJsonObject(instead) ? { result: instead } : {});
      }
      if (answer.kind === 'unreachable' && spool !== undefined) {
        try {
          // It was asked about; that nobody knows what it brought has to be heard all the same.
          spool.keep(missedOf(call));
        } catch (error) {
          return { withheld: `Sallyport: the call ran, its result cannot be recorded (${String(error)})` };
        }
        say(`the result of "${call.name}" cannot be recorded: the server cannot be reached (${answer.reason})`);
        return {};
      }
      return { withheld: `${noAnswer(answer)}; the call ran, its result is withheld since it cannot be recorded` };
    },

    async task(call, { task, change, words: said, reason }) {
      if (isLiveTask(change) ? unasked.has(call.id) : unasked.delete(call.id)) return { isUnasked: true };
      const more = {
        ...(said === undefined ? {} : { words: said }),
        ...(reason === undefined ? {} : { reason: reason.slice(0, longestReason) }),
      };
      const body = { ...bodyOf(name, call), task, change, ...more };
      const answer = await postKnown({ path: '/v1/agent/gateway/tasks', body });
      if (answer.kind === 'answer') {
        const { words: instead } = answer.body;
        return heldIn(answer.body) ?? (isJsonObject(instead) ? { words: instead } : {});
      }
      if (answer.kind === 'unreachable' && spool !== undefined) {
        say(`the task of "${call.name}" cannot be recorded: the server cannot be reached (${answer.reason})`);
        return { isUnheard: true };
      }
      return { withheld: noAnswer(answer) };
    },

    async standing() {
      const answer = await post({ path: `/v1/agent/gateway/tasks/standing?server=${encodeURIComponent(name)}` });
      // The organisation lets what cannot be asked go on.
      if (answer.kind === 'unreachable' && spool !== undefined) return {};
      if (answer.kind !== 'answer') return undefined;
      const { is_over: isOver, reason, held } = answer.body;
      return {
        ...(isOver === true ? { over: textOf(reason) } : {}),
        ...(typeof held === 'string' ? { held } : {}),
      };
    },

    async signIns(events) {
      const answer = await post({ path: '/v1/agent/gateway/sign-ins', body: { events: events.map(signInBody) } });
      if (answer.kind === 'answer') return true;
      if (answer.kind === 'unreachable' && spool !== undefined) {
        say(`sign-ins are told later: the server cannot be reached (${answer.reason})`);
        return false;
      }
      throw new Error(`the sign-in cannot be recorded: ${noAnswer(answer)}`);
    },

    async reached(rate) {
      const answer = await post({ path: '/v1/agent/gateway/rates', body: { server: name, ...rate } });
      return answer.kind === 'answer';
    },

    async close() {
      ask.close();
    },
  };
  return gate;

  /** What was approved before and has not changed; where nothing was ever said, nothing: the server may be a blocked one. */
  function openTold(server: ServerWords): Told {
    const verdict = (one: Definition) => {
      const isLet = lets.get(keyOf(one)) === digestOf(one);
      return { isLet, reason: isLet ? '' : 'it is not as it was approved, and the server cannot be asked' };
    };
    const all = definitionsIn(server);
    return {
      isProvisional: true,
      isApproved: last?.isApproved ?? false,
      reason: last?.reason ?? 'the server of Sallyport was not reached yet, so nobody knows what is approved',
      tools: new Map(all.flatMap((one) => (one.kind === undefined ? [[one.name, verdict(one)] as const] : []))),
      offers: new Map(all.flatMap((one) => (one.kind === undefined ? [] : [[keyOf(one), verdict(one)] as const]))),
    };
  }
}

function definitionsIn({ tools = [], offers = {}, instructions }: ServerWords): Definition[] {
  return [...tools, ...Object.values(offers).flat(), ...(instructions === undefined ? [] : [instructions])];
}

function bodyOfWords({ tools, offers = {}, instructions, ...server }: ServerWords): JsonObject {
  const { prompt, resource, resource_template: template } = offers;
  const shown = (list: readonly OfferDefinition[]): JsonObject[] => list.map((offer) => ({ ...shownOffer(offer) }));
  return {
    ...server,
    ...(tools === undefined ? {} : { tools: tools.map((tool): JsonObject => ({ ...tool })) }),
    ...(prompt === undefined ? {} : { prompts: shown(prompt) }),
    ...(resource === undefined ? {} : { resources: shown(resource) }),
    ...(template === undefined ? {} : { resourceTemplates: shown(template) }),
    ...(instructions === undefined ? {} : { instructions: instructions.description ?? '' }),
  };
}

function bodyOf(server: string, { id, kind, name, digest, input }: GatedCall): JsonObject {
  return { id, server, kind, name, ...(digest === undefined ? {} : { digest }), arguments: input };
}

/** Of a task whose call went unasked: it brings nothing more once somebody says so. */
function heldSince(standing: Awaited<ReturnType<Gate['standing']>>): { withheld?: string; isOver?: true } {
  if (standing === undefined) return { withheld: 'Sallyport: nobody says whether it may still be had' };
  const { over, held } = standing;
  if (over !== undefined) return { withheld: `Sallyport: ${over}`, isOver: true };
  return held === undefined ? {} : { withheld: `Sallyport: ${held}` };
}

/** Of a task: why what it brought may not be had. */
function heldIn({ held, is_over: isOver }: JsonObject): { withheld: string; isOver?: true } | undefined {
  if (typeof held !== 'string') return undefined;
  return { withheld: held, ...(isOver === true ? { isOver } : {}) };
}

function signInBody({ atMs, name, ...rest }: SignInEvent): JsonObject {
  return { ...rest, at_ms: atMs, ...(name === undefined ? {} : { name }) };
}

function plain({ session, ...rest }: Parameters<Spool['keep']>[0]): JsonObject {
  return { ...rest, ...(session === undefined ? {} : { session }) };
}

function noAnswer(answer: Exclude<ServerAnswer, { kind: 'answer' }>): string {
  return answer.kind === 'unreachable'
    ? `Sallyport: the server cannot be reached (${answer.reason}), so nothing passes`
    : `Sallyport: ${answer.reason}`;
}
