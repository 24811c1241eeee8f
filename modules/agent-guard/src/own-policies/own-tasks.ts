import { engine as cedar } from '@sallyport/access-policy';
import type { AgentVerdict } from '@sallyport/contracts';
import type { Pack } from '../decisions/pack-names.ts';
import type { PackDecisions, PackFile } from '../decisions/index.ts';
import { loadPackDecisions } from '../decisions/pack-decisions.ts';
import type { PastCall } from '../past-calls/judged-call.ts';
import { readAgain } from '../past-calls/past-answer.ts';
import type { PastAnswer, ReadAgain } from '../past-calls/past-answer.ts';
import { judgeAgain, wasAlone } from '../past-calls/replay-calls.ts';
import { loadOwn, withOwn } from '../decisions/own-decisions.ts';
import type { OwnInForce, OwnPolicySet } from '../decisions/own-decisions.ts';
import { textsHash } from '../decisions/own-policy.ts';
import type { OwnRun, OwnText } from '../decisions/own-policy.ts';
import { runOwnTest, runStandingTests } from './own-tests.ts';
import type { OwnTestResult, StandingResult, Widened } from './own-tests.ts';
import { readOwn } from '../decisions/read-own.ts';
import type { OwnFault, ReadOwnPolicy } from '../decisions/read-own.ts';

/** What came of reading documents and running their tests. */
export type OwnTried = {
  readonly faults: readonly OwnFault[];
  readonly policies: readonly ReadOwnPolicy[];
  readonly results: readonly { readonly id: string; readonly name: string; readonly tests: readonly OwnTestResult[] }[];
  readonly standing: readonly StandingResult[];
  readonly widened: readonly Widened[];
};

export type JudgeAgain = { readonly pack: Pack; readonly run: OwnRun; readonly call: PastCall };
export type ReadAnswerAgain = { readonly pack: Pack; readonly run: OwnRun; readonly answer: PastAnswer };
export type Verdict = {
  readonly verdict: AgentVerdict;
  readonly action: string;
  readonly reason: string;
  readonly policies: readonly string[];
};

export type OwnTask =
  /** No test is run. */
  | { readonly kind: 'read'; readonly texts: readonly OwnText[] }
  | { readonly kind: 'try'; readonly texts: readonly OwnText[]; readonly testsOf?: string }
  | { readonly kind: 'replay'; readonly texts: readonly OwnText[]; readonly calls: readonly JudgeAgain[] }
  | { readonly kind: 'answers'; readonly texts: readonly OwnText[]; readonly answers: readonly ReadAnswerAgain[] };

export type OwnAnswer =
  | { readonly kind: 'tried'; readonly tried: OwnTried }
  /** Undefined where the answer would be as it was. */
  | { readonly kind: 'replayed'; readonly would: readonly (Verdict | undefined)[] }
  | { readonly kind: 'read again'; readonly read: readonly ReadAgain[] }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** In the thread that policies are tried in. Keeps the packs, and the policies that were asked last: a replay comes in many parts. */
export function createOwnTasks(files: readonly PackFile[]): (task: OwnTask) => OwnAnswer {
  const packs: PackDecisions = loadPackDecisions(files);
  const schema = files.find(({ name }) => name === 'schema.cedarschema')?.text ?? '';
  const loaded = new Map<string, OwnPolicySet>();
  const most = 3;
  let count = 0;

  function load(texts: readonly OwnText[], policies: readonly ReadOwnPolicy[]): OwnInForce {
    if (texts.length === 0) return { kind: 'none' };
    const hash = textsHash(texts);
    count += 1;
    const set = loaded.get(hash) ?? loadOwn(cedar, policies, `agent-own/tried/${count}`);
    loaded.delete(hash);
    loaded.set(hash, set);
    for (const [oldest, one] of loaded) {
      if (loaded.size <= most) break;
      loaded.delete(oldest);
      one.release();
    }
    return { kind: 'policies', version: 0, policies: set };
  }

  return (task) => {
    const { policies, faults } = readOwn(cedar, schema, task.texts);
    switch (task.kind) {
      case 'read':
        return { kind: 'tried', tried: { faults, policies, results: [], standing: [], widened: [] } };
      case 'try': {
        if (faults.length > 0)
          return { kind: 'tried', tried: { faults, policies, results: [], standing: [], widened: [] } };
        const inForce = load(task.texts, policies);
        const permitting = task.texts.flatMap(({ id, scope }) =>
          policies.some(({ document, effect }) => document === id && effect === 'permit') ? [scope] : [],
        );
        const results = task.texts
          .filter(({ id }) => task.testsOf === undefined || id === task.testsOf)
          .map(({ id, name, scope, tests }) => ({
            id,
            name,
            tests: tests.map((test) => runOwnTest(packs, inForce, scope, test)),
          }));
        return {
          kind: 'tried',
          tried: { faults, policies, results, ...runStandingTests(packs, inForce, permitting) },
        };
      }
      case 'answers':
      case 'replay': {
        const [fault] = faults;
        if (fault !== undefined)
          return { kind: 'unreadable', reason: `${fault.document}, line ${fault.line}: ${fault.message}` };
        const inForce = load(task.texts, policies);
        const decisionsFor = ({ pack, run }: Pick<JudgeAgain, 'pack' | 'run'>) => {
          const decisions = packs.get(pack);
          return decisions === undefined ? undefined : withOwn(cedar, decisions, { inForce: () => inForce, run });
        };
        if (task.kind === 'answers')
          return {
            kind: 'read again',
            read: task.answers.map((asked) => {
              const decisions = decisionsFor(asked);
              return decisions === undefined ? { isTrusted: false, hidden: [] } : readAgain(asked.answer, decisions);
            }),
          };
        return {
          kind: 'replayed',
          would: task.calls.map(({ pack, run, call }) => {
            const decisions = decisionsFor({ pack, run });
            if (decisions === undefined) return undefined;
            const would = judgeAgain(call, decisions);
            if (would.verdict === call.verdict || wasAlone(call, would)) return undefined;
            const { verdict, action, reason, policies: by } = would;
            return { verdict, action, reason, policies: by };
          }),
        };
      }
    }
  };
}
