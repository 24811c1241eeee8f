import { lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { harnessProcess } from './harness-process.ts';
import { hashedName } from './hashed-name.ts';
import { stateFolder } from './state-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Sends the telemetry of one run to its server, and does nothing else. */
type TelemetryCredential = { readonly token: string; readonly server: string };

/** Its first hook begins the run, and asks the server for it. */
const waitMs = 15_000;
const lookMs = 100;
const maxBytes = 16 * 1024;
/** No run lasts longer. */
const longestRunMs = 25 * 60 * 60_000;
const ours = 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT';

/** For whichever process of a harness a run was begun; readable by its person alone. Never throws. */
export async function keepTelemetry(
  environment: Environment,
  harness: string,
  credential: TelemetryCredential,
): Promise<void> {
  const file = await fileOf(environment, harness);
  if (file === undefined) return;
  try {
    const folder = dirname(file);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, JSON.stringify(credential), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    for (const name of readdirSync(folder)) clearUp(join(folder, name));
  } catch {
    // Without it nothing is told of what the model takes; calls are judged all the same.
  }
}

function clearUp(entry: string): void {
  try {
    const found = lstatSync(entry, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > longestRunMs) rmSync(entry, { force: true });
  } catch {
    // A folder, or what is not ours to take: the others are none the worse for it.
  }
}

/**
 * What a harness puts before its telemetry, as JSON: the credential for telemetry alone of the run it is in, and nothing where it would go
 * anywhere but to the server of that run. Undefined where there is no run yet. Never throws.
 */
export async function telemetryHeaders(
  environment: Environment,
  harness: string,
  { endMs = Date.now() + waitMs }: { readonly endMs?: number } = {},
): Promise<string | undefined> {
  const { SALLYPORT_AGENT_TELEMETRY_TOKEN: given = '', SALLYPORT_AGENT_SERVER: server = '' } = environment;
  if (given !== '' && server !== '') return headersOf(environment, { token: given, server });
  // Of a run that somebody began for it, by a version before there was a credential for telemetry alone.
  if ((environment['SALLYPORT_AGENT_TOKEN'] ?? '') !== '') return '{}';
  const file = await fileOf(environment, harness);
  if (file === undefined) return '{}';
  // Loaded only here: what stands above is loaded with each hook.
  const { setTimeout: delay } = await import('node:timers/promises');
  for (;;) {
    const found = read(file);
    if (found !== undefined) return headersOf(environment, found);
    if (Date.now() >= endMs) return undefined;
    await delay(lookMs);
  }
}

/** A harness sends one set of headers with all that it tells: what goes elsewhere gets none of ours. */
function headersOf(environment: Environment, { token, server }: TelemetryCredential): string {
  const isElsewhere = Object.entries(environment).some(
    ([name, value = '']) =>
      value !== '' &&
      ((/^OTEL_EXPORTER_OTLP_(?:\w+_)?ENDPOINT$/.test(name) && name !== ours) ||
        (/^OTEL_(?:METRICS|TRACES)_EXPORTER$/.test(name) && value !== 'none')),
  );
  const isOurs = environment[ours] === `${server}/v1/agent/telemetry`;
  return isElsewhere || !isOurs ? '{}' : JSON.stringify({ authorization: `Bearer ${token}` });
}

function read(file: string): TelemetryCredential | undefined {
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > maxBytes || Date.now() - found.mtimeMs > longestRunMs) return undefined;
    // What others could have written would send what is told to them.
    if ((found.mode & 0o077) !== 0 || (process.getuid !== undefined && found.uid !== process.getuid()))
      return undefined;
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const token: unknown = Reflect.get(value, 'token');
    const server: unknown = Reflect.get(value, 'server');
    return typeof token === 'string' && /^[\w-]{8,500}$/.test(token) && typeof server === 'string'
      ? { token, server }
      : undefined;
  } catch {
    return undefined;
  }
}

async function fileOf(environment: Environment, harness: string): Promise<string | undefined> {
  const [folder, of] = [stateFolder(environment, 'agent-telemetry'), await harnessProcess()];
  if (folder === undefined || of === undefined || !/^[a-z-]{1,20}$/.test(harness)) return undefined;
  return join(folder, `${harness}.${await hashedName(of)}.json`);
}
