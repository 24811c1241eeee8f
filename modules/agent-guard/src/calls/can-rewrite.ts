import type { Harness } from '../sessions/agent.ts';

/** Whether the hooks of a harness let arguments and answers be replaced. */
export type Rewrites = { readonly input: boolean; readonly output: boolean };

const neither: Rewrites = { input: false, output: false };

/**
 * By the version whoever started the run told of: older ones take no notice of a replacement, and what was recorded as replaced would not be.
 * Without a version nothing is replaced. Claude Code: arguments with a question from 2.1.0 on, answers of all tools from 2.1.121 on. Gemini CLI:
 * both since it has hooks on by default. Codex and Cursor take no answers of tools of their own.
 */
export function rewritesOf(harness: Harness, version: string | undefined): Rewrites {
  switch (harness) {
    case 'claude-code':
      return { input: isFrom(version, [2, 1, 0]), output: isFrom(version, [2, 1, 121]) };
    case 'gemini-cli':
      return { input: isFrom(version, [0, 26, 0]), output: isFrom(version, [0, 26, 0]) };
    default:
      return neither;
  }
}

function isFrom(version: string | undefined, least: readonly [number, number, number]): boolean {
  const found = /(?<![\d.])(\d{1,5})\.(\d{1,5})\.(\d{1,7})/.exec(version ?? '');
  if (found === null) return false;
  const parts = found.slice(1).map(Number);
  const differing = parts.findIndex((part, at) => part !== least[at]);
  return differing === -1 || (parts[differing] ?? 0) > (least[differing] ?? 0);
}
