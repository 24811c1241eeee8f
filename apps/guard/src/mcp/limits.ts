import { listLimits } from '@sallyport/tool-pins';

/** What the gateway bears of either side. */
export type GatewayLimits = {
  /** Of one message, to the server and from it. */
  readonly maxRequestBytes: number;
  readonly maxAnswerBytes: number;
  /** Of what a call gives back: more would crowd out what the model knows. */
  readonly maxResultBytes: number;
  /** Calls that wait for their answer. */
  readonly maxInFlight: number;
  readonly callsAMinute: number;
  /** Of one tool. */
  readonly toolCallsAMinute: number;
  /** For an answer of the server to a call, and to all else. */
  readonly callMs: number;
  readonly requestMs: number;
  /** What a list of the server may hold, as many as its registry takes. */
  readonly maxListed: typeof listLimits;
  /** Notifications of the server that are handed on, a minute. */
  readonly noticesAMinute: number;
  /** Of the server to the client: each may ask a person, or cost a model. */
  readonly questionsAMinute: number;
  /** Calls that go on as tasks at once, those of the client's for the server too; how long one may take, from its beginning. */
  readonly maxTasks: number;
  readonly taskMs: number;
  /** Questions about one task, a minute: how it is, what it brought. */
  readonly taskQuestionsAMinute: number;
  /** Between two looks whether tasks may still go on. */
  readonly taskBeatMs: number;
};

export const defaultLimits: GatewayLimits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxAnswerBytes: 8 * 1024 * 1024,
  maxResultBytes: 1024 * 1024,
  maxInFlight: 32,
  callsAMinute: 600,
  toolCallsAMinute: 120,
  callMs: 120_000,
  requestMs: 30_000,
  maxListed: listLimits,
  noticesAMinute: 1200,
  questionsAMinute: 60,
  maxTasks: 32,
  taskMs: 60 * 60_000,
  taskQuestionsAMinute: 240,
  taskBeatMs: 5000,
};

/** At most `aMinute` on average, all at once if they come like that. Names beyond `maxNames` share one. */
export function createRate({
  aMinute,
  nowMs,
  maxNames = 1000,
}: {
  readonly aMinute: number;
  readonly nowMs: () => number;
  readonly maxNames?: number;
}): { /** Undefined when it may go, else after how long. */ take(name: string): number | undefined } {
  const held = new Map<string, { left: number; atMs: number }>();
  /** Whoever has all of it again is as good as new. */
  function forgetRested(now: number): void {
    for (const [name, { left, atMs }] of held)
      if (left + ((now - atMs) * aMinute) / 60_000 >= aMinute) held.delete(name);
  }
  return {
    take(asked) {
      const now = nowMs();
      if (held.size >= maxNames && !held.has(asked)) forgetRested(now);
      const name = held.has(asked) || held.size < maxNames ? asked : '';
      const one = held.get(name) ?? { left: aMinute, atMs: now };
      held.set(name, one);
      one.left = Math.min(aMinute, one.left + ((now - one.atMs) * aMinute) / 60_000);
      one.atMs = now;
      if (one.left < 1) return Math.ceil(((1 - one.left) * 60_000) / aMinute);
      one.left -= 1;
      return undefined;
    },
  };
}
