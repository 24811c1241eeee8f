import { itemsOf, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { ToolText } from '@sallyport/information-flow';
import { AgentGuardError } from '../errors.ts';

export type RecordedCall = { readonly tool: string; readonly input: JsonValue; readonly result: string };

/** What somebody wanted, and the calls that do it. */
export type RecordedTask = { readonly id: string; readonly goal: string; readonly calls: readonly RecordedCall[] };

export type Suite = {
  readonly name: string;
  readonly tools: ReadonlyMap<string, ToolText>;
  /** What people asked for. */
  readonly user: readonly RecordedTask[];
  /** What an attacker wants. */
  readonly injections: readonly RecordedTask[];
};

const maxSessions = 200_000;
/** About half a millisecond each. */
const maxJudged = 2_000_000;

/**
 * Reads a file of suites: `{ SUITE: { tools: { NAME: { params, desc } }, user: { ID: { goal, calls: [{ fn, args }], results } }, inj: { … } } }`.
 * Throws `agent_suite_invalid`, with the place.
 */
export function readSuites(text: string): Suite[] {
  let parsed: JsonValue;
  try {
    parsed = parseJson(text);
  } catch {
    throw invalid('the file', 'must be JSON');
  }
  const suites = Object.entries(objectAt(parsed, 'the file')).map(([name, suite]) => {
    const { tools, user, inj } = objectAt(suite, name);
    return {
      name,
      tools: new Map(
        Object.entries(objectAt(tools, `${name}.tools`)).map(([tool, said]) => [
          tool,
          toolAt(tool, said, `${name}.tools.${tool}`),
        ]),
      ),
      user: tasksAt(user, `${name}.user`),
      injections: tasksAt(inj, `${name}.inj`),
    };
  });
  if (suites.length === 0) throw invalid('the file', 'must hold a suite');
  let judged = 0;
  for (const { name, user, injections } of suites) {
    const mine = callsOf(user);
    const theirs = callsOf(injections);
    const steps = mine + theirs;
    if (user.length * (injections.length + 1) > maxSessions || steps > maxSessions)
      throw invalid(
        name,
        `has ${user.length.toLocaleString('en')} tasks, ${injections.length.toLocaleString('en')} injections and ${steps.toLocaleString('en')} calls: each task is replayed alone and with each injection, and more than ${maxSessions.toLocaleString('en')} of either would not end; cut it, or replay it in parts`,
      );
    const here = mine * (injections.length + 1) + user.length * theirs;
    judged += here;
    if (judged > maxJudged)
      throw invalid(
        name,
        `would be ${here.toLocaleString('en')} judged calls: each task is replayed with each injection, and more than ${maxJudged.toLocaleString('en')} in a file would not end; cut it, or replay it in parts`,
      );
  }
  return suites;
}

function callsOf(tasks: readonly RecordedTask[]): number {
  return tasks.reduce((sum, { calls }) => sum + calls.length, 0);
}

function toolAt(name: string, value: JsonValue | undefined, at: string): ToolText {
  const { params, desc } = objectAt(value, at);
  return {
    name,
    ...(params === undefined || params === null ? {} : { parameters: parametersAt(params, `${at}.params`) }),
    ...(typeof desc === 'string' ? { description: desc } : {}),
  };
}

/** Names in a list, as they stand or each in an object; or a schema's object of them. */
function parametersAt(value: JsonValue, at: string): readonly string[] {
  if (typeof value === 'object' && value !== null && !isList(value)) return Object.keys(value);
  if (!isList(value ?? null)) throw invalid(at, 'must be a list of names');
  return itemsOf(value).map((entry, index) => {
    const name = typeof entry === 'string' ? entry : objectAt(entry, `${at}.${index}`)['name'];
    if (typeof name !== 'string') throw invalid(`${at}.${index}`, 'must be a name');
    return name;
  });
}

function tasksAt(value: JsonValue | undefined, at: string): RecordedTask[] {
  return Object.entries(objectAt(value, at)).map(([id, task]) => {
    const { goal, calls, results } = objectAt(task, `${at}.${id}`);
    if (typeof goal !== 'string') throw invalid(`${at}.${id}.goal`, 'must be text');
    if (!Array.isArray(calls)) throw invalid(`${at}.${id}.calls`, 'must be a list');
    const answers = itemsOf(results);
    return {
      id,
      goal,
      calls: itemsOf(calls).map((call, index) => {
        const { fn, args } = objectAt(call, `${at}.${id}.calls.${index}`);
        if (typeof fn !== 'string') throw invalid(`${at}.${id}.calls.${index}.fn`, 'must be the name of a tool');
        const answer = answers[index];
        return {
          tool: fn,
          input: args ?? {},
          result: typeof answer === 'string' ? answer : answer === undefined ? '' : JSON.stringify(answer),
        };
      }),
    };
  });
}

function objectAt(value: JsonValue | undefined, at: string): { readonly [key: string]: JsonValue | undefined } {
  if (typeof value !== 'object' || value === null || isList(value)) throw invalid(at, 'must be an object');
  return value;
}

function invalid(at: string, why: string): AgentGuardError {
  return new AgentGuardError('agent_suite_invalid', `Cannot read the suites: ${at} ${why}`);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
