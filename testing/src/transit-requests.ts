// What a small OpenBao does with a request: namespace, token and policy first, then the system's paths or a mount's.
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createTransitEngine, NothingThere } from './transit-engine.ts';
import type { Fields, TransitEngine } from './transit-engine.ts';
import { capabilitiesAt, parsePolicy } from './transit-policies.ts';
import type { Operation, PolicyRule } from './transit-policies.ts';
import { TransitRefusal, unknownHere, wrappedRefusal } from './transit-refusal.ts';

/** `namespace` is '' for the root, else its name and a slash. */
type Token = { readonly namespace: string; readonly policies: readonly string[]; readonly isRoot: boolean };
type Question = {
  readonly operation: Operation;
  readonly namespace: string;
  readonly path: string;
  readonly given: Fields;
};
export type Answer = { readonly status: number; readonly body?: Fields };

const operations: Readonly<Record<string, Operation>> = {
  GET: 'read',
  POST: 'update',
  PUT: 'update',
  DELETE: 'delete',
};
const defaultPolicy = 'path "sys/capabilities-self" { capabilities = ["update"] }';

/** Answers as a server that was just started, knowing the root token alone. */
export function createTransitRequests(needs: { readonly rootToken: string }) {
  const namespaces = new Set(['']);
  const mounts = new Map<string, TransitEngine>();
  const policies = new Map<string, readonly PolicyRule[]>();
  const tokens = new Map<string, Token>([[needs.rootToken, { namespace: '', policies: ['root'], isRoot: true }]]);
  const clusterId = randomUUID();

  const rulesOf = (token: Token): readonly PolicyRule[] => [
    ...parsePolicy(defaultPolicy),
    ...token.policies.flatMap((name) => policies.get(`${token.namespace}${name}`) ?? []),
  ];
  const mountOf = ({ namespace, path }: Pick<Question, 'namespace' | 'path'>) => {
    const full = `${namespace}${path}`;
    const found = [...mounts.keys()]
      .filter((mount) => full.startsWith(mount))
      .toSorted()
      .at(-1);
    const engine = mounts.get(found ?? '');
    return found === undefined || engine === undefined ? undefined : { engine, below: full.slice(found.length) };
  };
  /** Paths of a policy count from the namespace of the token; other namespaces than those below it do not know the token. */
  const pathFor = (token: Token, { namespace, path }: Pick<Question, 'namespace' | 'path'>): string | undefined =>
    namespace.startsWith(token.namespace) ? `${namespace}${path}`.slice(token.namespace.length) : undefined;

  const requireAllowed = (token: Token, question: Question): void => {
    if (token.isRoot) return;
    const path = pathFor(token, question);
    if (path === undefined || !capabilitiesAt(rulesOf(token), path).includes(question.operation))
      throw wrappedRefusal(403, 'permission denied');
  };

  const system: readonly (readonly [RegExp, (question: Question, name: string, token: Token) => Answer])[] = [
    [
      /^sys\/mounts\/(.+)$/,
      ({ namespace, given }, name) => {
        if (given['type'] !== 'transit')
          throw new TransitRefusal(400, `plugin not found in the catalog: ${String(given['type'])}`);
        const mount = `${namespace}${name}/`;
        if (mounts.has(mount)) throw new TransitRefusal(400, `path is already in use at ${name}/`);
        mounts.set(mount, createTransitEngine({ nowSeconds: () => Math.floor(Date.now() / 1000) }));
        return { status: 204 };
      },
    ],
    [
      /^sys\/policies\/acl\/([\w-]+)$/,
      ({ namespace, given }, name) => {
        const text = given['policy'];
        if (typeof text !== 'string' || text === '')
          throw new TransitRefusal(400, "'policy' parameter not supplied or empty");
        policies.set(`${namespace}${name}`, parsePolicy(text));
        return { status: 204 };
      },
    ],
    [
      /^auth\/token\/(create)$/,
      ({ namespace, given }) => {
        const wanted = given['policies'];
        if (!Array.isArray(wanted) || Object.keys(given).length > 1)
          throw unknownHere('a token with more than policies');
        const names = [...new Set(['default', ...wanted.map(String)])].toSorted();
        const made = `s.${randomBytes(18).toString('base64url')}`;
        tokens.set(made, { namespace, policies: names, isRoot: false });
        const unknown = names.filter((name) => name !== 'default' && !policies.has(`${namespace}${name}`));
        const auth = {
          client_token: made,
          accessor: randomBytes(18).toString('base64url'),
          policies: names,
          token_policies: names,
          metadata: null,
          lease_duration: 2_764_800,
          renewable: true,
          entity_id: '',
          token_type: 'service',
          orphan: false,
          mfa_requirement: null,
          num_uses: 0,
        };
        return {
          status: 200,
          body: envelope(
            null,
            unknown.map((name) => `Policy "${name}" does not exist`),
            auth,
          ),
        };
      },
    ],
    [
      /^sys\/namespaces\/(\w+)$/,
      ({ namespace }, name) => {
        namespaces.add(`${namespace}${name}/`);
        const id = randomBytes(3).toString('hex');
        const data = {
          custom_metadata: {},
          id,
          locked: false,
          path: `${namespace}${name}/`,
          tainted: false,
          uuid: randomUUID(),
        };
        return { status: 200, body: envelope(data) };
      },
    ],
    [
      /^sys\/(capabilities-self)$/,
      ({ namespace, given }, _name, token) => {
        const paths = given['paths'];
        if (!Array.isArray(paths) || paths.length === 0) throw new TransitRefusal(400, 'paths must be supplied');
        const found = paths.map(String).map((path): readonly [string, readonly string[]] => {
          const full = pathFor(token, { namespace, path }) ?? '';
          return [path, token.isRoot ? ['root'] : capabilitiesAt(rulesOf(token), full)];
        });
        const [first] = found;
        const only = found.length === 1 && first !== undefined ? { capabilities: first[1] } : {};
        const data = { ...Object.fromEntries(found), ...only };
        return { status: 200, body: { ...data, ...envelope(data) } };
      },
    ],
  ];

  const health = (namespace: string): Answer => {
    if (namespace !== '') throw new TransitRefusal(400, 'operation unavailable in namespaces');
    const body = {
      initialized: true,
      sealed: false,
      standby: false,
      replication_performance_mode: 'disabled',
      replication_dr_mode: 'disabled',
      server_time_utc: Math.floor(Date.now() / 1000),
      version: '2.7.2',
      cluster_name: `vault-cluster-${clusterId.slice(0, 8)}`,
      cluster_id: clusterId,
    };
    return { status: 200, body };
  };

  const readQuestion = (request: IncomingMessage, text: string): Question => {
    const url = new URL(request.url ?? '/', 'https://localhost');
    const method = operations[request.method ?? ''];
    if (method === undefined || !url.pathname.startsWith('/v1/'))
      throw unknownHere(`${request.method} ${url.pathname}`);
    const operation = method === 'read' && url.searchParams.get('list') === 'true' ? 'list' : method;
    const named = String(request.headers['x-vault-namespace'] ?? '').replaceAll(/^\/+|\/+$/g, '');
    let namespace = named === '' ? '' : `${named}/`;
    if (!namespaces.has(namespace)) throw new TransitRefusal(404, 'namespace not found');
    let path = decodeURIComponent(url.pathname.slice('/v1/'.length));
    const inside = [...namespaces].find(
      (name) => name.length > namespace.length && `${namespace}${path}`.startsWith(name),
    );
    if (inside !== undefined) [namespace, path] = [inside, `${namespace}${path}`.slice(inside.length)];
    if (operation === 'list' && !path.endsWith('/')) path += '/';
    const question = { namespace, path, given: readFields(text) };
    const isNew =
      operation === 'update' && mountOf(question)?.engine.isMissing(mountOf(question)?.below ?? '') === true;
    return { ...question, operation: isNew ? 'create' : operation };
  };

  const decide = (request: IncomingMessage, text: string): Answer => {
    const question = readQuestion(request, text);
    const { operation, namespace, path, given } = question;
    if (path === 'sys/health' && operation === 'read') return health(namespace);
    const token = tokens.get(String(request.headers['x-vault-token'] ?? ''));
    if (token === undefined) throw new TransitRefusal(403, 'permission denied');
    requireAllowed(token, question);
    if (/^(sys|auth)\//.test(path)) {
      for (const [pattern, call] of system) {
        const name = pattern.exec(path)?.[1];
        if (name !== undefined && operation === 'update') return call(question, name, token);
      }
      throw unknownHere(`${request.method} ${path}`);
    }
    const found = mountOf(question);
    if (found === undefined) throw new TransitRefusal(404, `no handler for route "${path}". route entry not found.`);
    const { data, warnings } = found.engine.answer(operation, found.below, given);
    return data === undefined ? { status: 204 } : { status: 200, body: envelope(data, warnings) };
  };

  return {
    answer(request: IncomingMessage, text: string): Answer {
      try {
        return decide(request, text);
      } catch (error) {
        if (error instanceof NothingThere) return { status: 404, body: { errors: [] } };
        const status = error instanceof TransitRefusal ? error.status : 500;
        return { status, body: { errors: [error instanceof Error ? error.message : String(error)] } };
      }
    },
  };
}

function envelope(data: Fields | null, warnings: readonly string[] = [], auth: Fields | null = null): Fields {
  return {
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: warnings.length === 0 ? null : warnings,
    auth,
  };
}

function readFields(text: string): Fields {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below, as a body that is no object is.
  }
  throw new TransitRefusal(400, 'failed to decode JSON input');
}
