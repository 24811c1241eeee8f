import { checkPolicies, loadCallJudge } from '@sallyport/agent-guard/replay';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { homedir } from 'node:os';
import {
  compareRule,
  draftOf,
  type ComparedRule,
  type RuleStanding,
} from '../agent/permissions/compare-permissions.ts';
import type { PermissionFinding } from '../agent/permissions/permission-rule.ts';
import { readPermissions } from '../agent/permissions/read-permissions.ts';
import { workspaceFacts } from '../agent/workspace-facts.ts';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { counted, jsonLine, plainText } from '../terminal.ts';
import type { agentPacks } from './agent-replay.ts';

export type AgentImportOptions = {
  readonly pack: ReturnType<typeof agentPacks>[number];
  readonly format: 'text' | 'json' | 'cedar';
};

const maxBytes = 4 * 1024 * 1024;
const maxRules = 5000;
const heads: Readonly<Record<RuleStanding, string>> = {
  wider: 'wider than the policies, which hold all the same',
  stricter: 'stricter than the policies: in the draft',
  beyond: 'stricter than the policies, and no policy can say it: leave it where it is',
  covered: 'covered by the policies',
  idle: 'without effect where it stands',
};

/** Compares what a harness's own files let its tools do with a pack; offline. */
export async function importPermissions(
  files: readonly string[],
  options: AgentImportOptions,
  needs: CliNeeds,
): Promise<void> {
  const { stdout, signal } = needs;
  const judge = await loadCallJudge(agentPolicyFiles(), options.pack);
  const place = { workspace: workspaceFacts(process.cwd()).workspace, home: homedir() };
  const compared: (ComparedRule & { readonly file: string })[] = [];
  const findings: (PermissionFinding & { readonly file: string })[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    const read = readPermissions(file, await textOf(file));
    if (compared.length + read.rules.length > maxRules)
      throw new CliError('input_unreadable', `Cannot compare "${file}": there are more than ${maxRules} rules`);
    compared.push(...read.rules.map((rule) => ({ file, ...compareRule(rule, judge, place) })));
    findings.push(...read.findings.map((finding) => ({ file, ...finding })));
  }
  const draft = draftOf(compared);
  if (draft !== '') await checkPolicies(agentPolicyFiles(), 'imported', draft);
  if (options.format === 'cedar') stdout.write(draft);
  else if (options.format === 'json')
    stdout.write(
      `${jsonLine({
        pack: options.pack,
        rules: compared.map(({ file, rule, standing, words }) => ({
          file,
          harness: rule.harness,
          rule: rule.text,
          effect: rule.effect,
          standing,
          words,
        })),
        findings,
        draft,
      })}\n`,
    );
  else sayAll(compared, findings, { draft, pack: options.pack }, needs);
}

function sayAll(
  compared: readonly (ComparedRule & { readonly file: string })[],
  findings: readonly (PermissionFinding & { readonly file: string })[],
  { draft, pack }: { readonly draft: string; readonly pack: string },
  { stdout, stderr }: CliNeeds,
): void {
  for (const { file, text, words } of findings) stdout.write(`${plainText(`${file}: ${text}: ${words}`)}\n`);
  let isFirst = findings.length === 0;
  for (const [standing, head] of Object.entries(heads)) {
    const some = compared.filter((one) => one.standing === standing);
    if (some.length === 0) continue;
    stdout.write(`${isFirst ? '' : '\n'}${counted(some.length, 'rule')} ${head}\n`);
    isFirst = false;
    for (const { rule, words } of some)
      stdout.write(`  ${rule.effect.padEnd(5)}  ${plainText(`${rule.text}: ${words}`)}\n`);
  }
  if (draft !== '') stdout.write(`\n${draft}`);
  stderr.write(`Compared ${counted(compared.length, 'rule')} with the policies "${pack}"; nothing was changed\n`);
}

async function textOf(file: string): Promise<string> {
  try {
    return (await readBoundedFile(file, maxBytes)).toString('utf8');
  } catch (error) {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  }
}
