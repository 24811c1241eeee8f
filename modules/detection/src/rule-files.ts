import { createHash } from 'node:crypto';
import type { RuleRefusal, RuleSource } from './match-protocol.ts';
import type { DetectionNeeds } from './needs.ts';
import { readRuleDirectories, ruleFileLimits as limits } from './rule-directory.ts';
import type { RuleFiles } from './rule-directory.ts';

/**
 * All rule files there are now: those of the directories, behind them those of `ruleSources`, under the same limits. Of two files with one
 * name the first counts; what cannot be taken is refused by name.
 */
export async function readRuleFiles(
  needs: Pick<DetectionNeeds, 'ruleDirectories' | 'ruleSources'>,
): Promise<RuleFiles> {
  const found = await readRuleDirectories(needs.ruleDirectories);
  if (needs.ruleSources === undefined) return found;
  const sources: RuleSource[] = [...found.sources];
  const refusals: RuleRefusal[] = [...found.refusals];
  const names = new Set(sources.map(({ file }) => file));
  const hash = createHash('sha256').update(found.hash);
  let totalBytes = sources.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  for (const { file, text } of await needs.ruleSources()) {
    const bytes = Buffer.byteLength(text);
    const reason = names.has(file)
      ? 'a file of this name is there already'
      : overLimits(sources.length, bytes, totalBytes);
    if (reason !== undefined) {
      refusals.push({ file, reason });
      continue;
    }
    names.add(file);
    totalBytes += bytes;
    sources.push({ file, text });
    hash.update(`${file}\n${bytes}\n`).update(text);
  }
  return { sources, refusals, hash: hash.digest('hex') };
}

function overLimits(files: number, bytes: number, totalBytes: number): string | undefined {
  if (files >= limits.files) return `over the limit of ${limits.files} files`;
  if (bytes > limits.fileBytes) return `size is ${bytes} bytes, must be at most ${limits.fileBytes}`;
  return totalBytes + bytes > limits.totalBytes ? `over the limit of ${limits.totalBytes} bytes in all` : undefined;
}
