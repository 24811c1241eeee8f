import { setTimeout as delay } from 'node:timers/promises';
import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome, RpcRequest } from './json-rpc.ts';
import { askable } from './passing.ts';

/** What a server of 2026-07-28 wants to know first, and what it wants to be told with the answers. */
type Wanted = {
  readonly requests: readonly (readonly [key: string, Pick<RpcRequest, 'method' | 'params'>])[];
  readonly state?: string;
};

/** Which questions may be answered by questions (multi round-trip requests). */
const withRounds: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);
const limits = { rounds: 10, requests: 8, key: 256, state: 64 * 1024 } as const;
/** Before what only wants to be asked again is. */
const againMs = 100;

/**
 * A question to a server of 2026-07-28, in as many rounds as it needs: each answers with what the server wants to know first, and the same
 * question is sent again with the answers and the server's own state (multi round-trip requests). The state is nobody's but the server's:
 * it stays here, with the question it was given for, and goes back with that one alone.
 */
export async function askInRounds(
  request: RpcRequest,
  {
    ask,
    question,
    signal,
    say,
  }: {
    /** Sends it, in the round of this number. */
    readonly ask: (request: RpcRequest, round: number) => Promise<RpcOutcome>;
    /** A question of the server, on its way to the client. */
    readonly question: (asked: Pick<RpcRequest, 'method' | 'params'>) => Promise<RpcOutcome>;
    readonly signal: AbortSignal;
    readonly say: (line: string) => void;
  },
): Promise<RpcOutcome> {
  const no = (why: string): RpcOutcome => {
    say(`"${request.method}" is not gone on with: ${why}`);
    return request.method === 'tools/call'
      ? { result: { content: [{ type: 'text', text: `Sallyport: ${why}` }], isError: true } }
      : failed(rpcCodes.internal, `Sallyport: ${why}`);
  };
  let params = request.params;
  for (let round = 0; ; round += 1) {
    const outcome = await ask({ ...request, params }, round);
    if ('error' in outcome || outcome.result['resultType'] !== 'input_required') return outcome;
    if (!withRounds.has(request.method)) return no('the server asks back where MCP does not let it');
    if (round >= limits.rounds) return no(`the server asks back without end: ${limits.rounds} rounds`);
    const wanted = readWanted(outcome.result);
    if (typeof wanted === 'string') return no(`the server asks back, but ${wanted}`);
    const answers: [string, JsonObject][] = [];
    const told = await Promise.all(wanted.requests.map(async ([key, asked]) => [key, await question(asked)] as const));
    for (const [key, answer] of told) {
      if ('error' in answer) return no(`the server wants to ask first, and has no answer: ${answer.error.message}`);
      answers.push([key, answer.result]);
    }
    if (answers.length === 0) await delay(againMs * (round + 1), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return no('the question was taken back');
    params = {
      ...request.params,
      ...(answers.length === 0 ? {} : { inputResponses: Object.fromEntries(answers) }),
      ...(wanted.state === undefined ? {} : { requestState: wanted.state }),
    };
  }
}

/** A reason where it cannot be read. */
function readWanted({ inputRequests = {}, requestState }: JsonObject): Wanted | string {
  if (requestState !== undefined && (typeof requestState !== 'string' || requestState.length > limits.state))
    return `its state is no text of at most ${limits.state} characters`;
  const requests = readInputRequests(inputRequests);
  if (typeof requests === 'string') return requests;
  if (requests.length === 0 && requestState === undefined) return 'says neither what it wants to know nor its state';
  return { requests, ...(requestState === undefined ? {} : { state: requestState }) };
}

/** Questions of a server by its keys; of a round, or of a task. */
export function readInputRequests(value: unknown): Wanted['requests'] | string {
  if (!isJsonObject(value)) return 'what it wants to know is no object';
  const entries = Object.entries(value);
  if (entries.length > limits.requests)
    return `it wants to know ${entries.length} things, more than ${limits.requests}`;
  const requests: (readonly [string, Pick<RpcRequest, 'method' | 'params'>])[] = [];
  for (const [key, asked] of entries) {
    const { method, params = {} }: JsonObject = isJsonObject(asked) ? asked : {};
    if (key === '' || key.length > limits.key || !askable.has(textOf(method)) || !isJsonObject(params))
      return 'it wants to know something that MCP does not have';
    requests.push([key, { method: textOf(method), params }]);
  }
  return requests;
}
