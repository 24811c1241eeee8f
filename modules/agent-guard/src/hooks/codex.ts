import { parseLikeClaude } from './claude-code.ts';
import type { Dialect } from '../calls/hook-message.ts';

/**
 * Codex CLI: `codex-rs/hooks/schema/generated`. It refuses `ask` and runs the call then, and before a call it refuses an answer that
 * stops the whole run, and runs the call too: to be asked is to be refused, and before a call nothing but the refusal is said.
 */
export const codex: Dialect = {
  parse: (body) => parseLikeClaude(body, { promptOrigin: () => 'person' }),

  answer(name, { verdict, reason, isOver, notice }) {
    const over = {
      ...(isOver ? { continue: false, stopReason: reason } : {}),
      ...(notice === undefined ? {} : { systemMessage: notice }),
    };
    const isRefused = verdict !== 'allow';
    if (name === 'PreToolUse' && isRefused)
      return {
        hookSpecificOutput: {
          hookEventName: name,
          permissionDecision: 'deny',
          permissionDecisionReason: reason,
        },
      };
    if (name === 'PermissionRequest' && isRefused)
      return { hookSpecificOutput: { hookEventName: name, decision: { behavior: 'deny', message: reason } } };
    if (name === 'UserPromptSubmit' && verdict === 'deny') return { ...over, decision: 'block', reason };
    return name === 'PreToolUse' || name === 'PermissionRequest' ? {} : { ...over };
  },
};
