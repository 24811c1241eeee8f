import { parseLikeClaude } from './claude-code.ts';
import type { Dialect } from './hook-message.ts';

/**
 * Codex CLI: `codex-rs/hooks/schema/generated`. It refuses `ask` and runs the call then, and it refuses answers with fields it does not
 * know: to be asked is to be refused, and nothing is said that its schema does not have.
 */
export const codex: Dialect = {
  parse: (body) => parseLikeClaude(body, { promptOrigin: () => 'person' }),

  answer(name, { verdict, reason, isOver }) {
    const over = isOver ? { continue: false, stopReason: reason } : {};
    const isRefused = verdict !== 'allow';
    if (name === 'PreToolUse' && isRefused)
      return {
        ...over,
        hookSpecificOutput: {
          hookEventName: name,
          permissionDecision: 'deny',
          permissionDecisionReason: reason,
        },
      };
    if (name === 'PermissionRequest' && isRefused)
      return { ...over, hookSpecificOutput: { hookEventName: name, decision: { behavior: 'deny', message: reason } } };
    if (name === 'UserPromptSubmit' && verdict === 'deny') return { ...over, decision: 'block', reason };
    return { ...over };
  },
};
