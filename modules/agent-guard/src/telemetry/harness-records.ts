import { decodeOtlpJson, defaultOtlpLimits } from '@sallyport/log-formats/otlp';
import type { OtlpLogRecord, OtlpValue } from '@sallyport/log-formats/otlp';

/** What a harness's own telemetry says that a run's timeline wants to know. */
export type HarnessRecord =
  | {
      readonly kind: 'model_called';
      readonly prompt?: string;
      readonly model?: string;
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly cachedTokens: number;
      readonly costUsd?: number;
      readonly durationMs?: number;
      readonly isSuccess: boolean;
    }
  | { readonly kind: 'tool_ran'; readonly tool: string; readonly call: string };

export type ReadRecords =
  | {
      readonly ok: true;
      readonly records: readonly HarnessRecord[];
      /** Could not be read, while the rest could. */
      readonly rejected: number;
      readonly reason: string;
    }
  | { readonly ok: false; readonly message: string };

const limits = { ...defaultOtlpLimits, maxBytes: 1024 * 1024, maxRecords: 2000, maxValues: 50_000, maxDepth: 8 };
const longestName = 256;
/** No call costs as much, and no model takes as many; what is told beyond is no count. Sums of tokens fit in 32 bits, as OCSF has them. */
const highest = { tokens: 500_000_000, usd: 1_000_000, ms: 86_400_000 } as const;

/**
 * The records of an OTLP request in JSON, as Claude Code, Codex and Gemini CLI send them. Those that say nothing we ask for are passed over. Whoever holds the run's credential can send anything here: numbers that are none count as nothing.
 */
export function readHarnessRecords(text: string): ReadRecords {
  const decoded = decodeOtlpJson(text, limits);
  if (!decoded.ok) return { ok: false, message: decoded.message };
  const { records, rejected, rejectedReason } = decoded.value;
  return { ok: true, records: records.flatMap((record) => recordOf(record) ?? []), rejected, reason: rejectedReason };
}

function recordOf(record: OtlpLogRecord): HarnessRecord | undefined {
  const { attributes, eventName } = record;
  const named = textOf(attributes.get('event.name')) ?? eventName;
  const prompt = textOf(attributes.get('prompt.id'));
  const durationMs = countOf(attributes.get('duration_ms'), highest.ms);
  switch (named.replace(/^claude_code\./, '')) {
    case 'api_request':
    case 'api_error': {
      const model = textOf(attributes.get('model'));
      const tokens = (name: string): number => countOf(attributes.get(name), highest.tokens) ?? 0;
      const costUsd = numberOf(attributes.get('cost_usd'), highest.usd);
      const cachedTokens = tokens('cache_read_tokens');
      return {
        kind: 'model_called',
        ...(prompt === undefined ? {} : { prompt }),
        ...(model === undefined ? {} : { model }),
        // What is read from a cache, or put there, is counted apart from the rest there.
        inputTokens: tokens('input_tokens') + cachedTokens + tokens('cache_creation_tokens'),
        outputTokens: tokens('output_tokens'),
        cachedTokens,
        ...(costUsd === undefined ? {} : { costUsd }),
        ...(durationMs === undefined ? {} : { durationMs }),
        isSuccess: !named.endsWith('api_error'),
      };
    }
    case 'tool_result': {
      const tool = textOf(attributes.get('tool_name'));
      const call = textOf(attributes.get('tool_use_id'));
      // One that was refused, or never began, is told as a failure.
      const success = attributes.get('success');
      if (tool === undefined || call === undefined || (success !== 'true' && success !== true)) return undefined;
      return { kind: 'tool_ran', tool, call };
    }
    case 'codex.sse_event':
    case 'codex.api_request':
      return codexModelCall(record, named);
    case 'codex.tool_result': {
      const tool = textOf(attributes.get('tool_name'));
      const call = textOf(attributes.get('call_id'));
      if (tool === undefined || call === undefined || attributes.get('success') !== 'true') return undefined;
      // What does nothing to anything has no hook there.
      return codexWithoutHooks.has(tool) ? undefined : { kind: 'tool_ran', tool, call };
    }
    case 'gemini_cli.api_response':
    case 'gemini_cli.api_error':
      return geminiModelCall(record, named);
    default:
      // Calls of tools have no id at Gemini CLI, neither there nor in its hooks: which of them was asked about nobody can tell.
      return undefined;
  }
}

const codexWithoutHooks = new Set(['update_plan', 'request_user_input']);

/** Its answers are told when they are whole, its failures as requests. It names no prompt, and reckons no costs. */
function codexModelCall({ attributes }: OtlpLogRecord, named: string): HarnessRecord | undefined {
  const tokens = (name: string): number => countOf(attributes.get(name), highest.tokens) ?? 0;
  const model = textOf(attributes.get('model'));
  const status = countOf(attributes.get('http.response.status_code'), 999);
  const isFailed = named === 'codex.api_request' && status !== undefined && status >= 400;
  // Whole answers are told twice, once without what they took.
  const isWhole = named === 'codex.sse_event' && attributes.get('input_token_count') !== undefined;
  if (!isFailed && !isWhole) return undefined;
  const durationMs = isFailed ? countOf(attributes.get('duration_ms'), highest.ms) : undefined;
  return {
    kind: 'model_called',
    ...(model === undefined ? {} : { model }),
    // With what was read from a cache.
    inputTokens: tokens('input_token_count'),
    outputTokens: tokens('output_token_count'),
    cachedTokens: tokens('cached_token_count'),
    ...(durationMs === undefined ? {} : { durationMs }),
    isSuccess: isWhole,
  };
}

/** It reckons no costs. What it thinks is counted apart from what it says. */
function geminiModelCall({ attributes }: OtlpLogRecord, named: string): HarnessRecord {
  const tokens = (name: string): number => countOf(attributes.get(name), highest.tokens) ?? 0;
  const prompt = textOf(attributes.get('prompt_id'));
  const model = textOf(attributes.get('model'));
  const durationMs = countOf(attributes.get('duration_ms'), highest.ms);
  return {
    kind: 'model_called',
    ...(prompt === undefined ? {} : { prompt }),
    ...(model === undefined ? {} : { model }),
    inputTokens: tokens('input_token_count'),
    outputTokens: tokens('output_token_count') + tokens('thoughts_token_count'),
    cachedTokens: tokens('cached_content_token_count'),
    ...(durationMs === undefined ? {} : { durationMs }),
    isSuccess: named === 'gemini_cli.api_response',
  };
}

function textOf(value: OtlpValue): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, longestName).toWellFormed() : undefined;
}

/** Some exporters write numbers as texts. */
function numberOf(value: OtlpValue, highestOne: number): number | undefined {
  const number = typeof value === 'string' && value.length <= 32 && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 && number <= highestOne
    ? number
    : undefined;
}

function countOf(value: OtlpValue, highestOne: number): number | undefined {
  const number = numberOf(typeof value === 'bigint' ? Number(value) : value, highestOne);
  return number === undefined ? undefined : Math.round(number);
}
