// Reads a message that must be readable: for the tests of this folder.
import assert from 'node:assert/strict';
import { fixedZone } from '../text/timestamp.ts';
import { parseSyslog } from './index.ts';
import type { SyslogMessage } from './index.ts';

export const reference = { nowMs: Date.UTC(2024, 5, 15, 12), zone: fixedZone(0) };

export function readMessage(text: string, at = reference): SyslogMessage {
  const parsed = parseSyslog(text, at);
  assert(parsed.ok, parsed.ok ? '' : parsed.message);
  assert.equal(text.slice(parsed.value.messageAt), parsed.value.message);
  return parsed.value;
}

export const isoTime = (message: SyslogMessage): string | undefined =>
  message.time === undefined ? undefined : new Date(message.time.unixMs).toISOString();
