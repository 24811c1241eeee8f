// What every check hands back, and how it is printed: one line of what was looked at, then the findings.
import { resolve } from 'node:path';

export type Finding = {
  /** Path relative to the root that was checked. */
  readonly file: string;
  readonly line?: number;
  readonly message: string;
};

export type CheckResult = {
  /** How many things were looked at. A check that looked at nothing fails. */
  readonly lookedAt: number;
  /** What those things are, in the plural: `files in 12 packages`. */
  readonly what: string;
  readonly findings: readonly Finding[];
  /** Remarks that do not fail the check. */
  readonly notes?: readonly string[];
};

/** The findings of a check, and one more when it looked at nothing. */
export function findingsOf(result: CheckResult): readonly Finding[] {
  if (result.lookedAt > 0) return result.findings;
  return [{ file: '.', message: `Looked at 0 ${result.what}, must be at least one` }, ...result.findings];
}

/** Prints a result and sets the exit code. `tools/check.ts` reads the first line. */
export function reportCheck(result: CheckResult): void {
  const findings = findingsOf(result);
  const lines = [`looked at ${result.lookedAt} ${result.what}`, ...(result.notes ?? [])];
  for (const finding of findings) {
    lines.push(`${finding.file}${finding.line === undefined ? '' : `:${String(finding.line)}`}: ${finding.message}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  if (findings.length > 0) process.exitCode = 1;
}

/** The root a check runs on: its first argument that is not a flag, else this repository. */
export function rootFromArguments(): string {
  const given = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
  return given ?? resolve(import.meta.dirname, '..');
}
