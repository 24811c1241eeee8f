import { PolicyLibraryError, createTaskThread } from '@sallyport/policy-library';
import type { Watch } from '@sallyport/policy-library';
import type { PackFile } from '../decisions/index.ts';
import type { OwnText } from '../decisions/own-policy.ts';
import type { JudgeAgain, OwnAnswer, OwnTask, OwnTried, ReadAnswerAgain } from './own-tasks.ts';

/** Tries the organisation's policies for agents in a thread of their own, limited in time, memory and depth. */
export type OwnThread = {
  /** `testsOf`: of this document alone. A text that does not come to an end is refused as a whole. Throws `policy_busy`. */
  attempt(texts: readonly OwnText[], testsOf?: string): Promise<OwnTried>;
  /** Of what was read before: no test is run. Where there are faults, what it holds is not known, whatever policies there are. */
  read(texts: readonly OwnText[]): Promise<OwnTried>;
  /** Throws `policy_busy`, and the reason of `signal`. */
  replay(
    texts: readonly OwnText[],
    calls: readonly JudgeAgain[],
    watch: Watch,
  ): Promise<Extract<OwnAnswer, { kind: 'replayed' | 'unreadable' }>>;
  /** As `replay`, of what came back from calls. */
  readAnswers(
    texts: readonly OwnText[],
    answers: readonly ReadAnswerAgain[],
    watch: Watch,
  ): Promise<Extract<OwnAnswer, { kind: 'read again' | 'unreadable' }>>;
  close(): Promise<void>;
};

export function createOwnThread(
  files: readonly PackFile[],
  { attemptMs = 20_000, replayMs = 60_000 }: { readonly attemptMs?: number; readonly replayMs?: number } = {},
): OwnThread {
  const thread = createTaskThread<OwnTask, OwnAnswer>({
    worker: new URL('./own-worker.ts', import.meta.url),
    data: files,
  });
  let isClosed = false;
  const endless = (ms: number): string =>
    `reading and trying it took over ${ms / 1000} seconds, or too much memory or depth: make several policies of it`;
  async function tried(task: Extract<OwnTask, { kind: 'try' | 'read' }>): Promise<OwnTried> {
    const answer = await thread.run(task, attemptMs, {});
    if (answer?.kind === 'tried') return answer.tried;
    // That it ended then says nothing of the texts.
    if (isClosed) throw new PolicyLibraryError('policy_busy', 'Cannot try policies: the server is being stopped');
    const document = ('testsOf' in task ? task.testsOf : undefined) ?? task.texts[0]?.id ?? '';
    const fault = { document, line: 1, column: 1, message: endless(attemptMs) };
    return { faults: [fault], policies: [], results: [], standing: [], widened: [] };
  }
  return {
    attempt: (texts, testsOf) => tried({ kind: 'try', texts, ...(testsOf === undefined ? {} : { testsOf }) }),
    read: (texts) => tried({ kind: 'read', texts }),
    async replay(texts, calls, watch) {
      if (calls.length === 0) return { kind: 'replayed', would: [] };
      const answer = await thread.run({ kind: 'replay', texts, calls }, replayMs, watch);
      if (answer?.kind === 'replayed' || answer?.kind === 'unreadable') return answer;
      return { kind: 'unreadable', reason: endless(replayMs) };
    },
    async readAnswers(texts, answers, watch) {
      if (answers.length === 0) return { kind: 'read again', read: [] };
      const answer = await thread.run({ kind: 'answers', texts, answers }, replayMs, watch);
      if (answer?.kind === 'read again' || answer?.kind === 'unreadable') return answer;
      return { kind: 'unreadable', reason: endless(replayMs) };
    },
    async close() {
      isClosed = true;
      await thread.close();
    },
  };
}
