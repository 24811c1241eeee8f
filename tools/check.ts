// `npm run check`: format, lint, types, unused code and every tools/check-*.ts, in this order.
// One line each: what was looked at and how long it took. A step that exits 0 without having looked at anything fails.
// Goes on after a failure; what failed is printed at the end, cut to a bound.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { recordOf } from './workspace.ts';

export type Step = {
  readonly name: string;
  readonly command: readonly string[];
  /** Finds how much was looked at in the output; its first group is the number. A pattern with `g` counts its matches. */
  readonly lookedAt: RegExp;
  readonly what: string;
  /** Lines of output that are only there to be counted. */
  readonly hide?: RegExp;
  /** Turns the output of a failed run into lines to show. */
  readonly render?: (output: string) => string;
};

export type StepOutcome = {
  readonly name: string;
  readonly ok: boolean;
  readonly summary: string;
  /** What to show of a failed step. */
  readonly output: string;
};

const maxLines = 80;
const maxLineLength = 400;
const timeoutMs = 300_000;

/** The steps for a checkout; tools come from its node_modules. */
export function stepsFor(root: string): Step[] {
  const bin = (name: string): string => join(root, 'node_modules', '.bin', name);
  const checks = globSync('tools/check-*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .toSorted();
  const filesOn = /on (\d+) files?/;
  return [
    { name: 'format', command: [bin('oxfmt'), '--check', '.'], lookedAt: filesOn, what: 'files' },
    {
      name: 'lint',
      command: [
        bin('oxlint'),
        '--type-aware',
        '--deny-warnings',
        '--report-unused-disable-directives',
        '-f',
        'json',
        '.',
      ],
      lookedAt: /"number_of_files": (\d+)/,
      what: 'files',
      render: renderLint,
    },
    {
      name: 'types',
      command: [bin('tsc'), '--noEmit', '--listFiles', '-p', '.'],
      lookedAt: /^\/(?!.*\/node_modules\/).*\.ts$/gm,
      what: 'files',
      hide: /^\/.*\.(?:json|[cm]?ts)$/,
    },
    {
      // Has another environment than the rest: a browser's.
      name: 'types-console',
      command: [bin('tsc'), '--noEmit', '--listFiles', '-p', 'apps/console'],
      lookedAt: /^\/.*\/apps\/console\/(?!.*\/node_modules\/).*\.tsx?$/gm,
      what: 'files',
      hide: /^\/.*\.(?:json|[cm]?tsx?)$/,
    },
    ...['apps/field', 'apps/field/src/workers'].map((folder) => ({
      // The page's environment, and that of its workers.
      name: folder === 'apps/field' ? 'types-field' : 'types-workers',
      command: [bin('tsc'), '--noEmit', '--listFiles', '-p', folder],
      lookedAt: /^\/.*\/apps\/field\/(?!.*\/node_modules\/).*\.ts$/gm,
      what: 'files',
      hide: /^\/.*\.(?:json|[cm]?ts)$/,
    })),
    {
      name: 'unused',
      command: [bin('knip'), '--no-progress', '--no-config-hints'].concat([
        '--reporter',
        'symbols',
        '--reporter',
        './tools/knip-report.ts',
      ]),
      lookedAt: /^looked at (\d+) files$/m,
      what: 'files',
    },
    ...checks.map((file) => ({
      name: basename(file, '.ts').slice('check-'.length),
      command: [process.execPath, '--disable-warning=ExperimentalWarning', join(root, file), root],
      lookedAt: /^looked at (\d+) /,
      what: '',
    })),
  ];
}

export function runStep(root: string, step: Step): StepOutcome {
  const startedAt = performance.now();
  const [command = '', ...args] = step.command;
  const run = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: timeoutMs, maxBuffer: 64 << 20 });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const output = `${run.stdout}${run.stderr}`.trim();
  const lookedAt = countLookedAt(step.lookedAt, output);
  const what = step.what === '' ? (/^looked at \d+ (.*)/.exec(output)?.[1] ?? '') : step.what;
  const failure =
    run.error === undefined
      ? run.status !== 0
        ? `exited with ${String(run.status ?? run.signal)}`
        : lookedAt === 0
          ? 'looked at nothing'
          : undefined
      : run.error.message;
  const summary = `${String(lookedAt).padStart(5)} ${what}, ${seconds} s`;
  return {
    name: step.name,
    ok: failure === undefined,
    summary: failure === undefined ? summary : `${summary}: ${failure}`,
    output: failure === undefined ? '' : bounded(step.render?.(output) ?? output, step.hide),
  };
}

function countLookedAt(pattern: RegExp, output: string): number {
  if (pattern.global) return output.match(pattern)?.length ?? 0;
  return Number(pattern.exec(output)?.[1] ?? 0);
}

function bounded(output: string, hide: RegExp | undefined): string {
  const lines = output.split('\n').filter((line) => hide?.test(line) !== true);
  const shown = lines.slice(0, maxLines).map((line) => line.slice(0, maxLineLength));
  if (lines.length > maxLines) shown.push(`… and ${String(lines.length - maxLines)} more lines`);
  return shown.join('\n');
}

/** oxlint's JSON as one line a finding; its own compact formats do not say how many files were linted. */
function renderLint(output: string): string {
  try {
    const parsed: unknown = JSON.parse(output);
    const diagnostics = recordOf(parsed)['diagnostics'];
    if (!Array.isArray(diagnostics)) return output;
    return diagnostics.map((entry) => lintLine(recordOf(entry))).join('\n');
  } catch {
    return output;
  }
}

function lintLine(diagnostic: Record<string, unknown>): string {
  const labels: unknown[] = Array.isArray(diagnostic['labels']) ? diagnostic['labels'] : [];
  const line = recordOf(recordOf(labels[0])['span'])['line'];
  return `${String(diagnostic['filename'])}:${String(line)}: ${String(diagnostic['message'])} [${String(diagnostic['code'])}]`;
}

/** Runs all steps, prints as it goes; true when every one passed. */
export function runSteps(root: string, steps: readonly Step[], print: (line: string) => void): boolean {
  const failed: StepOutcome[] = [];
  for (const step of steps) {
    const outcome = runStep(root, step);
    print(`${outcome.ok ? 'ok    ' : 'FAILED'}  ${outcome.name.padEnd(13)} ${outcome.summary}`);
    if (!outcome.ok) failed.push(outcome);
  }
  for (const outcome of failed) print(`\n--- ${outcome.name}: ${outcome.summary.trim()}\n${outcome.output}`);
  if (steps.length === 0) print('No step to run');
  print(failed.length === 0 ? `\n${String(steps.length)} steps passed` : `\n${String(failed.length)} steps failed`);
  return failed.length === 0 && steps.length > 0;
}

if (import.meta.main) {
  const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
  const ok = runSteps(root, stepsFor(root), (line) => process.stdout.write(`${line}\n`));
  process.exitCode = ok ? 0 : 1;
}
