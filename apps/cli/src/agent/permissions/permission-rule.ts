import type { JsonObject } from '@sallyport/contracts';
import type { SettableHarness } from '../harness-settings.ts';

/** One line of a file by which a harness lets its tools do things. */
export type PermissionRule = {
  readonly harness: SettableHarness;
  /** As it stands there. */
  readonly text: string;
  readonly effect: 'allow' | 'ask' | 'deny';
  /** Calls that it speaks of, in the words of the harness: what policies are asked about to compare. Empty where nothing says. */
  readonly examples: readonly { readonly tool: string; readonly input: JsonObject }[];
  /** Of the whole tool, or the whole server, not of some of its calls: that a policy can say. */
  readonly whole?: { readonly tool: string } | { readonly server: string };
  /** The harness reads it and does not go by it. */
  readonly isIdle?: string;
};

/** What a file holds beside its rules that opens more than they do. */
export type PermissionFinding = { readonly text: string; readonly words: string };

export type PermissionSet = {
  readonly rules: readonly PermissionRule[];
  readonly findings: readonly PermissionFinding[];
};

/** What stands for anything in a pattern, in a call that is tried. */
export function filledPattern(pattern: string): string {
  return pattern.replaceAll(/\*+/g, 'x');
}
