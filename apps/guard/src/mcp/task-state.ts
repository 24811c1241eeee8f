import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

/** Of MCP 2025-11-25 (utilities, tasks), and of the extension of 2026-07-28. */
const taskStatuses = ['working', 'input_required', 'completed', 'failed', 'cancelled'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** What a peer says of a task, as far as it is read: its words apart, for nobody has judged them. */
export type SaidTask = {
  readonly taskId: string;
  readonly status: TaskStatus;
  /** Undefined for one without end. */
  readonly ttlMs?: number;
  readonly pollMs?: number;
  readonly message?: string;
};

/** In `_meta`: which task a message belongs to. */
export const relatedTask = 'io.modelcontextprotocol/related-task';
/** In `_meta` of what began a task: what the model may read at once. */
export const immediateResponse = 'io.modelcontextprotocol/model-immediate-response';

const longest = { taskId: 1024, message: 4096 } as const;
/** Nobody is asked more often than that, and nobody waits longer to ask again. */
const pollBounds = { min: 100, max: 60_000 } as const;

export function isEnded(status: TaskStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** Reads a task of either era. Gives the reason where it is none. Never throws. */
export function readTask(value: JsonValue | undefined): SaidTask | string {
  if (!isJsonObject(value)) return 'no task';
  const { taskId, ttl = value['ttlMs'], pollInterval = value['pollIntervalMs'], statusMessage } = value;
  if (typeof taskId !== 'string' || taskId === '' || taskId.length > longest.taskId)
    return `a task whose id is no text of 1 to ${longest.taskId} characters`;
  const status = taskStatuses.find((one) => one === value['status']);
  if (status === undefined) return 'a task without a status that MCP has';
  return {
    taskId,
    status,
    ...(isTime(ttl) ? { ttlMs: ttl } : {}),
    ...(isTime(pollInterval) ? { pollMs: Math.min(Math.max(pollInterval, pollBounds.min), pollBounds.max) } : {}),
    ...(typeof statusMessage === 'string' && statusMessage !== ''
      ? { message: statusMessage.slice(0, longest.message).toWellFormed() }
      : {}),
  };
}

/** The task a message says it belongs to. */
export function relatedIn(params: JsonObject): string | undefined {
  const meta = params['_meta'];
  const related = isJsonObject(meta) ? meta[relatedTask] : undefined;
  const id = isJsonObject(related) ? related['taskId'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** How long a client wants its task to be kept; undefined where it says nothing that is a time. */
export function wantedTtl(task: JsonObject): number | undefined {
  const { ttl } = task;
  return isTime(ttl) ? ttl : undefined;
}

function isTime(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
