import { parseArgs } from 'node:util';
import { lettable, type Lettable } from './handshake.ts';
import { defaultLimits, type GatewayLimits } from './limits.ts';

/** How a gateway was started. */
export type GatewayOptions = {
  readonly name: string;
  /** The server behind it: a program, or an address. */
  readonly behind:
    | { readonly kind: 'program'; readonly command: readonly [string, ...string[]] }
    | {
        readonly kind: 'address';
        readonly url: URL;
        readonly bearer?: { readonly from: 'env' | 'file'; readonly name: string };
      };
  /** Port to listen at; standard input and output without one. */
  readonly listen?: { readonly port: number; readonly tokenFile: string };
  /** A file of pins, where no server of Sallyport decides. */
  readonly local?: string;
  /** Where calls that went unasked are kept; undefined where none may. */
  readonly spool?: string;
  readonly lets: ReadonlySet<Lettable>;
  readonly limits: GatewayLimits;
};

export const usage = `sallyport-guard mcp --name NAME [OPTION…] -- COMMAND [ARG…]
sallyport-guard mcp --name NAME --url URL [OPTION…]

  --bearer-env NAME, --bearer-file FILE   the credential for --url, where nobody signs in
  --listen PORT --listen-token FILE       streamable HTTP on this machine instead of standard input; the token is made where the file is not
  --local FILE                            no server: pin what tools say in FILE at first sight
  --fail open --spool FILE                go on while the server cannot be reached, and tell it afterwards
  --let sampling,elicitation,roots        what the server may ask of the client
  --max-result-bytes N  --call-seconds N  --in-flight N  --calls-a-minute N  --tool-calls-a-minute N
  --tasks N  --task-seconds N             calls that go on as tasks

sallyport-guard mcp wrap FILE [--write] [--guard COMMAND] [--only NAME…]
sallyport-guard mcp sign-in NAME|URL [--settings FILE] [--issuer URL] [--scope "A B"] [--redirect http://127.0.0.1:PORT/PATH]
    [--client-id ID [--client-secret-file FILE] | --client-document URL]
sallyport-guard mcp sign-out NAME|URL
sallyport-guard mcp sign-ins
sallyport-guard pins [list | approve [NAME] | forget NAME] --local FILE
`;

/** Throws an Error that says what is wrong. `defaultSpool`: where the spool is when nobody says. */
export function readGatewayOptions(args: readonly string[], defaultSpool: (name: string) => string): GatewayOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      url: { type: 'string' },
      'bearer-env': { type: 'string' },
      'bearer-file': { type: 'string' },
      listen: { type: 'string' },
      'listen-token': { type: 'string' },
      local: { type: 'string' },
      fail: { type: 'string' },
      spool: { type: 'string' },
      let: { type: 'string' },
      'max-result-bytes': { type: 'string' },
      'call-seconds': { type: 'string' },
      'in-flight': { type: 'string' },
      'calls-a-minute': { type: 'string' },
      'tool-calls-a-minute': { type: 'string' },
      tasks: { type: 'string' },
      'task-seconds': { type: 'string' },
    },
  });
  const { name, url, local, listen } = values;
  if (name === undefined || !/^[\w.-]{1,64}$/.test(name))
    throw new Error(
      '--name must be 1 to 64 letters, digits, ".", "_" or "-": the name the harness knows the server by',
    );
  const [file, ...rest] = positionals;
  if ((url === undefined) === (file === undefined))
    throw new Error('either --url or a command after "--" must say what is behind the gateway');
  const listenToken = values['listen-token'];
  if ((listen === undefined) !== (listenToken === undefined))
    throw new Error('--listen and --listen-token go together: who speaks to the port must know the token');
  if (values.fail !== undefined && values.fail !== 'open' && values.fail !== 'closed')
    throw new Error('--fail must be "open" or "closed"');
  if (local !== undefined && values.fail === 'open') throw new Error('--local asks no server: --fail has no meaning');
  const failsOpen = values.fail === 'open';
  if (!failsOpen && values.spool !== undefined) throw new Error('--spool is for --fail open');
  return {
    name,
    behind:
      url === undefined
        ? { kind: 'program', command: [file ?? '', ...rest] }
        : { kind: 'address', url: addressOf(url), ...bearerOf(values['bearer-env'], values['bearer-file']) },
    ...(listen === undefined || listenToken === undefined
      ? {}
      : { listen: { port: whole('listen', listen, { min: 0, max: 65_535 }), tokenFile: listenToken } }),
    ...(local === undefined ? {} : { local }),
    ...(failsOpen ? { spool: values.spool ?? defaultSpool(name) } : {}),
    lets: letsOf(values.let),
    limits: {
      ...defaultLimits,
      ...given('maxResultBytes', values, 'max-result-bytes', { min: 1024, max: 6 * 1024 * 1024 }),
      ...given('callMs', values, 'call-seconds', { min: 1, max: 3600, times: 1000 }),
      ...given('maxInFlight', values, 'in-flight', { min: 1, max: 1000 }),
      ...given('callsAMinute', values, 'calls-a-minute', { min: 1, max: 100_000 }),
      ...given('toolCallsAMinute', values, 'tool-calls-a-minute', { min: 1, max: 100_000 }),
      ...given('maxTasks', values, 'tasks', { min: 1, max: 100 }),
      ...given('taskMs', values, 'task-seconds', { min: 1, max: 86_400, times: 1000 }),
    },
  };
}

/** Of a remote server. Throws an Error that says what is wrong. */
export function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new Error(`--url "${text.slice(0, 200)}" must be an address with https:`);
  if (url.username !== '' || url.password !== '')
    throw new Error('--url must hold no credential: --bearer-env or --bearer-file is for that');
  return url;
}

function bearerOf(env: string | undefined, file: string | undefined) {
  if (env !== undefined && file !== undefined) throw new Error('--bearer-env and --bearer-file: must be one of them');
  if (env !== undefined) return { bearer: { from: 'env', name: env } } as const;
  return file === undefined ? {} : ({ bearer: { from: 'file', name: file } } as const);
}

function letsOf(text: string | undefined): ReadonlySet<Lettable> {
  const names = (text ?? '').split(',').filter((name) => name !== '');
  const known = lettable.filter((one) => names.includes(one));
  if (known.length < names.length) throw new Error(`--let must be of ${lettable.join(', ')}`);
  return new Set(known);
}

type Range = { readonly min: number; readonly max: number; readonly times?: number };

function given(
  field: keyof GatewayLimits,
  values: Readonly<Record<string, string | undefined>>,
  option: string,
  range: Range,
): Partial<GatewayLimits> {
  const text = values[option];
  return text === undefined ? {} : { [field]: whole(option, text, range) * (range.times ?? 1) };
}

function whole(option: string, text: string, { min, max }: Range): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`--${option} "${text.slice(0, 20)}" must be a whole number from ${min} to ${max}`);
}
