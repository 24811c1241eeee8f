// The fact of a message, loosely typed: for the tests of this folder.
import { parseLinuxAuth } from './index.ts';

export function readFact(application: string, message: string): Record<string, unknown> | undefined {
  const parsed = parseLinuxAuth(application, message);
  return parsed.ok ? parsed.value.fact : undefined;
}

export const peer = { address: '192.0.2.7', port: 50_022 };
export const from = 'from 192.0.2.7 port 50022';
