import { createTurns } from '@sallyport/platform/turns';
import { RuleDocumentError } from './errors.ts';

/** So many tasks at once, so many that wait. Throws `RuleDocumentError` `rules_busy` for another. */
export function createLanes(limits: { readonly lanes: number; readonly waiting: number }) {
  const lanes = Array.from({ length: limits.lanes }, () => ({ inTurn: createTurns(), held: 0 }));
  const most = limits.lanes + limits.waiting;

  return async <Result>(task: () => Promise<Result>): Promise<Result> => {
    const held = lanes.reduce((sum, lane) => sum + lane.held, 0);
    const [lane] = lanes.toSorted((a, b) => a.held - b.held);
    if (lane === undefined || held >= most)
      throw new RuleDocumentError('rules_busy', `Cannot try the rules: ${held} texts are being tried already`, {
        hint: 'try again in a few seconds',
      });
    lane.held += 1;
    try {
      return await lane.inTurn(task);
    } finally {
      lane.held -= 1;
    }
  };
}
