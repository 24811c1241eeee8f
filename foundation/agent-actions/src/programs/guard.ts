import { addName, addProgram } from '../run/effects.ts';
import type { Invocation, Run, Where } from '../run/run.ts';
import { unknown } from '../run/text.ts';
import type { Value } from '../run/text.ts';

/** What of `sallyport` looks and changes nothing. */
const looking = new Set(['search', 'alerts', 'events', 'verify', 'proof', 'sigma', 'behaviour', 'status', 'ledger']);

/** The command line and the shim of what watches the agent: with its credential they speak as its person, and answer for it. */
export function guardProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  addProgram(invocation, { name, classes: ['tool'], arguments: given });
  const command = given.find(({ text }) => !text.startsWith('-'))?.text ?? '';
  const isLooking = name === 'sallyport' && (looking.has(command) || (command === '' && given.length > 0));
  if (!isLooking)
    addName(invocation, 'configure', { of: 'setting', name: 'sallyport' }, { why: 'speaks to what watches the agent' });
  return [unknown(`what ${name} prints`)];
}

/** Where it stands: the one of hooks, and the headers of telemetry it goes along in. */
const holders = /SALLYPORT_AGENT_TOKEN|OTEL_EXPORTER_OTLP_(?:(?:LOGS|METRICS)_)?HEADERS/i;

/** The credential of a run: whoever reads it can tell the guard what the person never said. */
export function addGuardCredential(text: string, run: Pick<Run, 'add'>, where: Where): void {
  if (!holders.test(text)) return;
  run.add(
    {
      kind: 'configure',
      target: { kind: 'name', of: 'variable', name: 'SALLYPORT_AGENT_TOKEN' },
      isCertain: true,
      why: 'names the credential with which the harness speaks to its guard',
    },
    where,
  );
}
