import { resolve } from 'node:path';
import { jsonBody } from '../commands/connection.ts';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { machineFacts } from './machine-facts.ts';
import { machineProof } from './machine-proof.ts';
import { workspaceFacts } from './workspace-facts.ts';

/** A run that was begun: the credential of its hooks, and by which policies it is judged. */
export type BegunRun = {
  readonly id: string;
  readonly token: string;
  /** Sends telemetry and nothing else; of a server of before there was one it is that of the hooks. */
  readonly telemetryToken: string;
  readonly pack: string;
};

/** Begins a run of an agent in the folder we stand in. Throws `CliError`. */
export async function beginRun(
  client: ApiClient,
  needs: Pick<CliNeeds, 'signal'>,
  run: {
    readonly harness: string;
    readonly name: string | undefined;
    readonly isAttended: boolean;
    readonly version?: string | undefined;
    /** A conversation that goes on from one nobody has seen: what is in it counts as words of others. */
    readonly isResumed?: boolean;
  },
): Promise<BegunRun> {
  const facts = workspaceFacts(process.cwd());
  const [machine, proof] = await Promise.all([machineFacts(), machineProof(client, needs.signal)]);
  const begun = await client.json({
    method: 'POST',
    path: '/v1/agent/sessions',
    signal: needs.signal,
    ...jsonBody({
      agent: run.name ?? `${run.harness} on ${facts.host}`,
      harness: run.harness,
      ...facts,
      attended: run.isAttended,
      ...(run.version === undefined ? {} : { harness_version: run.version }),
      ...(run.isResumed === true ? { resumed: true } : {}),
      machine,
      ...(proof === undefined ? {} : { machine_proof: proof }),
    }),
  });
  const [session, agent, token] = [field(begun, 'session'), field(begun, 'agent'), textField(begun, 'token')];
  const id = textField(session, 'id');
  if (token === undefined || id === undefined || agent === undefined)
    throw new CliError('server_answer', 'Cannot read the answer: it holds no session');
  return {
    id,
    token,
    telemetryToken: textField(begun, 'telemetry_token') ?? token,
    pack: textField(agent, 'pack') ?? '',
  };
}

/** Ends one that was begun to try something. Where that fails it ends by itself. */
export async function endRun(client: ApiClient, { id }: BegunRun, needs: Pick<CliNeeds, 'signal'>): Promise<void> {
  const path = `/v1/agent/sessions/${encodeURIComponent(id)}/end`;
  await client.text({ method: 'POST', path, signal: needs.signal, ...jsonBody({}) }).catch(() => undefined);
}

/** Where hooks reach the server of a client. */
export function serverOf(client: ApiClient): string {
  return client.urlOf('').replace(/\/$/, '');
}

/** The authority that vouches for the server, where it is not one that the system knows. */
export function caFileOf({ destination }: ApiClient): string | undefined {
  const file = destination.kind === 'server' ? destination.caFile : undefined;
  return file === undefined ? undefined : resolve(file);
}
