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
 * The records of an OTLP request in JSON, as Claude Code sends them with `OTEL_LOGS_EXPORTER=otlp`. Those that say nothing we ask for are
 * passed over. Whoever holds the run's credential can send anything here: numbers that are none count as nothing.
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
    default:
      return undefined;
  }
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
