// Entry of the reading thread: rules that somebody is writing are parsed and compiled here, so that a hostile one holds up nobody.
import { parentPort } from 'node:worker_threads';
import { createRuleContext } from './rule-context.ts';
import type { RuleContext } from './rule-context.ts';
import type { ReaderAnswer, ReaderRequest } from './rule-reader.ts';

if (parentPort === null) throw new TypeError('check-worker.ts runs as a worker thread only');
const port = parentPort;
let context: RuleContext | undefined;

port.on('message', (request: ReaderRequest) => {
  port.postMessage(answerTo(request));
});

function answerTo(request: ReaderRequest): ReaderAnswer {
  if (request.kind === 'open') {
    context = createRuleContext(request.sources);
    return { kind: 'opened' };
  }
  if (context === undefined) throw new TypeError('asked before the rules in force were given');
  return request.kind === 'check'
    ? { kind: 'checked', checked: context.check(request.asked) }
    : { kind: 'vocabulary', vocabulary: context.vocabulary() };
}
