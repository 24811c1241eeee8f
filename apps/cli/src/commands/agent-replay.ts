import {
  loadDecisions,
  packNames,
  partOf,
  readSuites,
  replayPair,
  replaySuite,
  replayTask,
  type Decisions,
  type ReplayedCall,
  type Suite,
  type SuiteReport,
} from '@sallyport/agent-guard/replay';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { messageOf } from '@sallyport/platform/errors';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { plainText, styled } from '../terminal.ts';

export type ReplayOptions = {
  readonly suite: string;
  readonly pack: string;
  readonly format: 'text' | 'json';
  readonly part?: string;
  readonly explain?: string;
};

const maxSuiteBytes = 64 * 1024 * 1024;

export function agentPacks(): readonly string[] {
  return packNames;
}

/** Replays the suites of a file through a pack. Nothing is sent anywhere, and nothing of an injection's goal reaches a policy. */
export async function replaySuites(options: ReplayOptions, needs: CliNeeds): Promise<void> {
  const { stdout, signal } = needs;
  const part = options.part === undefined ? undefined : readPart(options.part);
  const all = await readSuiteFile(options.suite);
  const suites = part === undefined ? all : all.map((suite) => partOf(suite, part));
  const decisions = await loadDecisions(agentPolicyFiles(), options.pack);
  if (options.explain !== undefined) {
    explain(options.explain, { suites: all, decisions, format: options.format, needs });
    return;
  }
  const reports: SuiteReport[] = [];
  for (const suite of suites) {
    signal.throwIfAborted();
    reports.push(replaySuite(suite, decisions));
  }
  if (options.format === 'json') {
    const by = Object.fromEntries(
      reports.map(({ name, ...report }) => [name, { ...report, ...rates([{ name, ...report }]) }]),
    );
    const json = {
      pack: options.pack,
      ...(options.part === undefined ? {} : { part: options.part }),
      suites: by,
      total: rates(reports),
    };
    stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    return;
  }
  stdout.write(`Pack ${options.pack}${options.part === undefined ? '' : `, part ${options.part} of the tasks`}\n`);
  for (const report of reports) stdout.write(sayReport(report));
  const { utility, oneApprovalShare, attackSuccess } = rates(reports);
  stdout.write(
    `\nAll: ${percent(utility)} of tasks go ahead (${percent(oneApprovalShare)} with one approval), ${percent(attackSuccess)} of attacks pass\n`,
  );
}

async function readSuiteFile(path: string): Promise<Suite[]> {
  let text: string;
  try {
    text = (await readBoundedFile(path, maxSuiteBytes)).toString('utf8');
  } catch (error) {
    throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`);
  }
  try {
    return readSuites(text);
  } catch (error) {
    throw new CliError('input_unreadable', `${messageOf(error)}, in "${path}"`, {
      hint: '{"SUITE": {"tools": {"NAME": {"params": [], "desc": ""}}, "user": {"ID": {"goal": "", "calls": [{"fn": "", "args": {}}], "results": [""]}}, "inj": {}}}',
    });
  }
}

function readPart(text: string): { part: number; of: number } {
  const [, part, of] = /^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? [];
  if (part === undefined || Number(part) < 1 || Number(part) > Number(of))
    throw new CliError('usage', `Cannot use --part "${text}": must be K/N with K from 1 to N`, { hint: '--part 1/2' });
  return { part: Number(part), of: Number(of) };
}

/** Over all the suites: what goes ahead without a question or with one; of replayable pairs, those that pass whole. */
function rates(reports: readonly SuiteReport[]): {
  readonly utility: number;
  readonly allowedShare: number;
  readonly oneApprovalShare: number;
  readonly attackSuccess: number;
} {
  const sum = (of: (report: SuiteReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const tasks = sum(({ userTasks }) => userTasks.total);
  const allowed = sum(({ userTasks }) => userTasks.allowed);
  const one = sum(({ userTasks }) => userTasks.oneApproval);
  const pairs = sum(({ injectionPairs }) => injectionPairs.total);
  const share = (count: number, of: number): number => (of === 0 ? 0 : Number((count / of).toFixed(4)));
  return {
    utility: share(allowed + one, tasks),
    allowedShare: share(allowed, tasks),
    oneApprovalShare: share(one, tasks),
    attackSuccess: share(
      sum(({ injectionPairs }) => injectionPairs.passed),
      pairs,
    ),
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function sayReport({ name, userTasks, injectionPairs }: SuiteReport): string {
  const { total, allowed, oneApproval, moreApprovals, denied, calls } = userTasks;
  const pairs = injectionPairs;
  return [
    `\n${plainText(name)}`,
    `  user tasks       ${total}: ${allowed} fully allowed, ${oneApproval} needing one approval, ${moreApprovals} more, ${denied} denied`,
    `  their calls      ${sayCounts(calls)}`,
    `  injection pairs  ${pairs.total}: ${pairs.passed} passed, ${pairs.needingApproval} needing approval, ${pairs.denied} denied`,
    `  their calls      ${sayCounts(pairs.calls)}`,
    `  left out         ${pairs.vacuousPairs} pairs of ${pairs.vacuousInjections} injections without calls`,
    '',
  ].join('\n');
}

function sayCounts({ total, allowed, asked, askedTwo, denied }: SuiteReport['userTasks']['calls']): string {
  return `${total}: ${allowed} allowed, ${asked} asked${askedTwo === 0 ? '' : ` (${askedTwo} of two people)`}, ${denied} denied`;
}

function explain(
  wanted: string,
  {
    suites,
    decisions,
    format,
    needs,
  }: { suites: readonly Suite[]; decisions: Decisions; format: 'text' | 'json'; needs: CliNeeds },
): void {
  const [, inSuite, taskId, injectionId] = /^(?:([^/]+)\/)?([^/+]+)(?:\+([^/+]+))?$/.exec(wanted) ?? [];
  const found = suites.flatMap((suite) => {
    const user = suite.user.find(({ id }) => id === taskId);
    const injection = suite.injections.find(({ id }) => id === injectionId);
    if (user === undefined || (inSuite !== undefined && suite.name !== inSuite)) return [];
    if (injectionId !== undefined && injection === undefined) return [];
    const task = replayTask(suite, user, decisions);
    return [
      {
        suite: suite.name,
        task: task.id,
        goal: task.goal,
        outcome: task.outcome,
        calls: task.calls,
        ...(injection === undefined ? {} : { injected: replayPair(suite, user, injection, decisions) }),
      },
    ];
  });
  if (found.length === 0)
    throw new CliError('usage', `Cannot explain "${wanted}": no suite has such a task`, {
      hint: `suites: ${suites.map(({ name }) => name).join(', ')}; tasks: ${
        suites[0]?.user
          .slice(0, 3)
          .map(({ id }) => id)
          .join(', ') ?? ''
      }, …`,
    });
  if (format === 'json') {
    needs.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  for (const { suite, task, goal, outcome, calls, injected } of found) {
    needs.stdout.write(`${plainText(`${suite}/${task}`)}: ${outcome}\n  "${plainText(goal)}"\n`);
    sayCalls(calls, needs);
    if (injected === undefined) continue;
    needs.stdout.write(`then ${plainText(injected.injection)}: ${injected.outcome}\n`);
    sayCalls(injected.calls, needs);
  }
}

const colours = { allow: 'green', ask: 'yellow', deny: 'red' } as const;

function sayCalls(calls: readonly ReplayedCall[], { stdout }: CliNeeds): void {
  for (const { tool, verdict, reason, input, people, isGranted } of calls) {
    stdout.write(
      `  ${styled(stdout, colours[verdict], verdict.padEnd(5))} ${plainText(tool)} ${plainText(input.slice(0, 200))}\n`,
    );
    stdout.write(
      `        ${plainText(reason)}${people === 2 ? ' (two people must say yes)' : ''}${isGranted ? ' (the person said yes to this before)' : ''}\n`,
    );
  }
}
