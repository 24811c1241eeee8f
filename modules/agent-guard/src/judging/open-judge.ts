import { createHash } from 'node:crypto';
import { actionsOf } from '@sallyport/agent-actions';
import type { ActionTarget, ActionsOfCall, CallContext } from '@sallyport/agent-actions';
import type { AgentAction, AgentCall } from '@sallyport/contracts';
import type { FlowCall } from '@sallyport/information-flow';
import { contentOf, createSessionContent } from '../content/session-content.ts';
import { createSessionJudge, subjectOf } from '../decisions/index.ts';
import { withOwn } from '../decisions/own-decisions.ts';
import type { OwnCedar, OwnInForce } from '../decisions/own-decisions.ts';
import type { DecisionAction, JudgedCall, PackDecisions } from '../decisions/index.ts';
import { judgedFields } from '../past-calls/judged-call.ts';
import type { Harness, SessionFacts } from '../sessions/agent.ts';
import type { HookCall } from '../calls/hook-message.ts';
import { askingOf } from './asked-words.ts';
import type { Asking, JudgedHook, OpenJudge } from './hook-judge.ts';

/** Judges live calls with what decides over recorded ones: the call read word by word, the flow of the session, and the pack. */
export function createOpenJudge(
  packs: PackDecisions,
  own?: { readonly cedar: OwnCedar; readonly inForce: () => OwnInForce },
): OpenJudge {
  return ({ pack, harness, facts, isForgotten, mark, machine, risk, run }) => {
    const bundled = packs.get(pack);
    if (bundled === undefined) throw new TypeError(`Cannot judge by pack "${pack}": it was not loaded`);
    if (own !== undefined && run === undefined) throw new TypeError('Cannot judge: nobody said whose run it is');
    const decisions =
      own === undefined || run === undefined ? bundled : withOwn(own.cedar, bundled, { inForce: own.inForce, run });
    const subject = subjectOf({ pack, harness, isAttended: facts.isAttended });
    const judge = createSessionJudge(decisions, {
      subject,
      ...(machine === undefined ? {} : { machine }),
      ...(risk === undefined ? {} : { risk }),
      toolOf: ({ tool }) => ({ name: tool.name, ...serverOf(tool.name) }),
    });
    const forgot = (): void => judge.input('forgotten', '', 'untrusted', 'what was read before, and is not known');
    if (isForgotten) forgot();
    const parse = (call: HookCall): ActionsOfCall =>
      actionsOf(
        { tool: call.tool, input: call.input, ...(call.server === undefined ? {} : { server: call.server.name }) },
        contextOf({ harness, facts, call }),
      );
    const content = createSessionContent({
      mark,
      isWatching: pack === 'observe',
      reveals: ({ tool }, found) => decisions.reveals({ name: tool, ...serverOf(tool) }, found, subject),
    });
    /** Asked about and not known yet to have gone ahead. */
    const waiting = new Map<string, FlowCall>();
    let counted = 0;

    return {
      prompted({ id, text, origin }) {
        judge.prompt(id, text, origin);
        return content.typed(text);
      },
      judge(written) {
        const whole = content.whole(written);
        const { call, restored, refusal } = whole;
        const { shown, hide } = content.told(whole);
        const flowCall = flowCallOf(call, String((counted += 1)));
        const parsed = parse(call);
        const known = { restored: whole.values, known: content.known() };
        const judged = refusedFor(judge.judge(flowCall, parsed, known), refusal);
        if (judged.verdict === 'allow') {
          judge.went(flowCall);
          // Whose words it brings counts from now on: what comes back may never be told.
          judge.result(flowCall, '');
        }
        if (judged.verdict === 'ask') remember(waiting, flowCall);
        const { verdict, reason, policies } = judged;
        return {
          verdict,
          reason: hide(reason),
          policies,
          call: { ...hiddenIn(wordsOf(call, judged, parsed), hide), ...foundIn(judged, restored) },
          ...(restored > 0 && call.rewrites?.input === true ? { input: call.input } : {}),
          ...shownOf(shown),
          ...(verdict === 'ask' ? { asks: hiddenInAsking(askingOf(judged, parsed), hide) } : {}),
        };
      },
      granted(written) {
        const { call } = content.whole(written);
        const flowCall = waiting.get(keyOf(call)) ?? flowCallOf(call, keyOf(call));
        waiting.delete(keyOf(call));
        judge.went(flowCall);
        judge.result(flowCall, '');
      },
      forgot,
      whole: (call) => content.whole(call).call,
      saw(written, { result, isSuccess }) {
        const { call } = content.whole(written);
        const flowCall = waiting.get(keyOf(call)) ?? flowCallOf(call, keyOf(call));
        if (waiting.delete(keyOf(call))) judge.went(flowCall);
        if (!isSuccess) judge.failed(flowCall.id);
        const origin = judge.result(flowCall, typeof result === 'string' ? result : JSON.stringify(result));
        const came = content.came(call, result);
        if (came.found?.secrets !== undefined && came.output === undefined) judge.readSecrets();
        if (came.found?.signals !== undefined && origin === 'untrusted') judge.signalled();
        return { origin, ...came };
      },
    };
  };
}

/** What cannot be run as it was judged is not run. */
function refusedFor(judged: JudgedCall, refusal: string | undefined): JudgedCall {
  if (refusal === undefined || judged.verdict === 'deny') return judged;
  return { ...judged, verdict: 'deny', reason: refusal, policies: ['token-unknown'] };
}

/** Paths, addresses and names may hold a secret: what is written down and shown has its token. */
function hiddenIn(call: AgentCall, hide: (text: string) => string): AgentCall {
  const { target, destination } = call;
  return {
    ...call,
    ...(target === undefined ? {} : { target: hide(target) }),
    ...(destination === undefined ? {} : { destination: { ...destination, name: hide(destination.name) } }),
  };
}

function hiddenInAsking(asking: Asking, hide: (text: string) => string): Asking {
  return {
    ...asking,
    does: asking.does.map(({ kind, words }) => ({ kind, words: hide(words) })),
    places: asking.places.map(hide),
  };
}

function foundIn({ carried }: JudgedCall, restored: number): Pick<AgentCall, 'found'> {
  const found = contentOf(carried, { restored });
  return found === undefined ? {} : { found };
}

function shownOf(shown: JudgedHook['shown']): Pick<JudgedHook, 'shown'> {
  return shown === undefined ? {} : { shown };
}

const maxWaiting = 50;
/** Of what is longer, the tool alone is remembered. */
const longestKept = 64 * 1024;

function remember(waiting: Map<string, FlowCall>, call: FlowCall): void {
  const [oldest] = waiting.keys();
  if (waiting.size >= maxWaiting && oldest !== undefined) waiting.delete(oldest);
  const isLong = JSON.stringify(call.input).length > longestKept;
  waiting.set(call.id, isLong ? { ...call, input: {} } : call);
}

/** Harnesses that give a call no id say what it is again when it is done. */
function keyOf({ id, tool, input }: HookCall): string {
  if (id !== '') return id;
  return createHash('sha256')
    .update(JSON.stringify([tool, input]))
    .digest('hex')
    .slice(0, 32);
}

function flowCallOf(call: HookCall, otherwise: string): FlowCall {
  const id = keyOf(call);
  const tool = { name: call.tool, ...(call.vetted === undefined ? {} : { vetted: call.vetted }) };
  return { id: id === '' ? otherwise : id, tool, input: call.input };
}

function contextOf({
  harness,
  facts,
  call,
}: {
  readonly harness: Harness;
  readonly facts: SessionFacts;
  readonly call: HookCall;
}): CallContext {
  const { workspace, home } = facts;
  const cwd = absolute(call.cwd) ?? absolute(workspace) ?? '/';
  const root = absolute(workspace);
  return {
    harness: harness === 'other' ? 'claude-code' : harness,
    cwd,
    // Where nobody said what the workspace is, nothing is inside it.
    workspace: root === undefined ? [] : [root],
    ...(absolute(home) === undefined ? {} : { home: absolute(home) ?? '/' }),
  };
}

function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') === true ? path : undefined;
}

function serverOf(tool: string): { readonly server?: string } {
  const server = /^mcp__(.+?)__/.exec(tool)?.[1];
  return server === undefined ? {} : { server };
}

/** As a rule of detection knows it. */
const eventActions: Readonly<Record<DecisionAction, AgentAction>> = {
  read: 'read',
  write: 'write',
  delete: 'write',
  execute: 'execute',
  network: 'network',
  secret: 'secret',
  message: 'message',
  pay: 'pay',
  grant: 'configure',
  credential: 'secret',
  configure: 'configure',
  other: 'execute',
};

/** What stands of a call in the ledger: what it does to what, and whose words it is made of; not the words. */
function wordsOf(call: HookCall, judged: JudgedCall, parsed: ActionsOfCall): AgentCall {
  const action = eventActions[judged.action];
  const deciding = parsed.actions.find(({ kind }) => kind === judged.action) ?? parsed.actions[0];
  const host = parsed.actions.map(({ target }) => target).find((target) => target.kind === 'host');
  const recipient = parsed.actions.map(({ target }) => target).find((target) => target.kind === 'recipient');
  const destination = host?.host ?? recipient?.address ?? withoutPath(judged.flow.destinations[0]?.text);
  const encodings = [...new Set(parsed.actions.flatMap(({ disguises = [] }) => disguises))];
  const facts = judgedFields(judged.decisions);
  const isGuard = parsed.actions.some(
    ({ kind, target }) => kind !== 'read' && target.kind === 'path' && target.classes.includes('harness-settings'),
  );
  return {
    id: call.id,
    tool: { name: call.tool, ...(call.server === undefined ? {} : { server: call.server }) },
    action,
    ...(deciding === undefined ? {} : { target: targetText(deciding.target) }),
    ...(destination === undefined ? {} : { destination: { name: destination } }),
    ...(encodings.length === 0 ? {} : { encodings }),
    origins: judged.flow.origins,
    taintPath: judged.flow.sawUntrusted ? judged.flow.through : [],
    ...(judged.decisions.length === 0 ? {} : { sawForeign: judged.decisions.some((one) => one.facts.sawForeign) }),
    ...(facts === undefined ? {} : { judged: facts }),
    ...(isGuard ? { guards: 'settings' } : {}),
  };
}

/** Of an address the host alone: what stands behind it may be a key. */
function withoutPath(text: string | undefined): string | undefined {
  return text?.replace(/^([a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^/?#@]{0,256}@)?([^/?#]{0,256}).*$/is, '$1$2');
}

function targetText(target: ActionTarget): string {
  switch (target.kind) {
    case 'path':
      return target.path;
    case 'host':
      return target.host;
    case 'recipient':
      return target.address;
    case 'program':
      return target.name;
    case 'statement':
      return `a ${target.class} statement`;
    case 'name':
      return target.name;
  }
}
