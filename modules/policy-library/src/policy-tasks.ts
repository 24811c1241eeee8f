import { readPolicies } from '@sallyport/access-policy';
import type { PolicyFault, PolicyTexts } from '@sallyport/access-policy';
import type { LoadedPolicies } from './loaded-policies.ts';
import { findImpact } from './policy-impact.ts';
import type { Impact, Subject } from './policy-impact.ts';
import { runPolicyTest } from './policy-test.ts';
import type { PolicyTest, PolicyTestResult } from './policy-test.ts';
import type { Asked } from './recorded-tasks.ts';
import { runStandingTests } from './standing-tests.ts';
import type { StandingResult } from './standing-tests.ts';
import type { TaskProgress } from './task-thread.ts';

/** Tests of one document. */
export type TestsOf = { readonly id: string; readonly name: string; readonly tests: readonly PolicyTest[] };

export type PolicyTask = {
  readonly texts: PolicyTexts;
  readonly tests: readonly TestsOf[];
  /** Compared with what is in force. */
  readonly compare?: {
    readonly texts: PolicyTexts;
    readonly subjects: readonly Subject[];
    readonly sites: readonly string[];
  };
};

export type ReadSummary = {
  readonly file: string;
  readonly line: number;
  readonly id: string;
  readonly words: string;
  readonly effect: 'permit' | 'forbid';
  readonly role?: { readonly id: string; readonly name: string };
};

export type Tried = {
  readonly faults: readonly PolicyFault[];
  readonly policies: readonly ReadSummary[];
  readonly results: readonly {
    readonly id: string;
    readonly name: string;
    readonly tests: readonly PolicyTestResult[];
  }[];
  readonly standing: readonly StandingResult[];
  readonly impact?: Impact;
};

export type TaskMessage =
  | TaskProgress
  | { readonly kind: 'done'; readonly tried: Tried }
  | { readonly kind: 'answered'; readonly asked: Asked };

/** Reads policies, runs their tests, and compares them with others. In the thread that policies are tried in. */
export function tryPolicies(
  task: PolicyTask,
  { policies: kept, tell }: { readonly policies: LoadedPolicies; readonly tell: (message: TaskMessage) => void },
): Tried {
  const { policies: read, faults } = readPolicies(task.texts);
  const policies = read
    .filter(({ own }) => own)
    .map(({ file, line, id, words, effect, role }): ReadSummary => ({
      file,
      line,
      id,
      words,
      effect,
      ...(role === undefined ? {} : { role }),
    }));
  if (faults.length > 0) return { faults: faults.slice(0, 100), policies, results: [], standing: [] };
  const policy = kept.load(task.texts);
  const results = task.tests.map(({ id, name, tests }) => ({
    id,
    name,
    tests: tests.map((test) => runPolicyTest(policy, test)),
  }));
  const standing = runStandingTests(policy, ownTexts(task.texts), task.compare?.subjects);
  if (task.compare === undefined) return { faults, policies, results, standing };
  const before = kept.load(task.compare.texts);
  const impact = findImpact({
    before,
    after: policy,
    texts: ownTexts(task.texts) + ownTexts(task.compare.texts),
    subjects: task.compare.subjects,
    sites: task.compare.sites,
    onProgress: (done, of) => tell({ kind: 'progress', done, of }),
  });
  return { faults, policies, results, standing, impact };
}

function ownTexts({ policies }: PolicyTexts): string {
  return policies
    .filter(({ own }) => own === true)
    .map(({ text }) => `${text}\n`)
    .join('');
}
