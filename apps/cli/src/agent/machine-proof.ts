import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { isJsonObject, type JsonObject } from '@sallyport/contracts';
import { jsonBody } from '../commands/connection.ts';
import { vouchSocket } from '../config.ts';
import type { ApiClient } from '../http-client.ts';
import { parseJson, textField } from '../json-reading.ts';

const answerMs = 1500;
const maxAnswerBytes = 4096;

/**
 * The word of this machine's own sensor that we are on it, for a nonce of the server. Undefined where there is no sensor, it does not answer
 * in time, or the server gives no nonce: the run begins without, and its machine is what it says of itself.
 */
export async function machineProof(client: ApiClient, signal: AbortSignal): Promise<JsonObject | undefined> {
  const path = vouchSocket();
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return undefined;
  try {
    const given = await client.json({ method: 'POST', path: '/v1/agent/machine-nonces', signal, ...jsonBody({}) });
    const nonce = textField(given, 'nonce');
    const { destination } = client;
    // The one we really speak to: a statement for it is worth nothing elsewhere.
    if (nonce === undefined || destination.kind !== 'server') return undefined;
    return await askSensor(path, { nonce, server: destination.server.host });
  } catch {
    return undefined;
  }
}

/** Throws when nobody answers in time. */
async function askSensor(
  path: string,
  asked: { readonly nonce: string; readonly server: string },
): Promise<JsonObject | undefined> {
  const socket = connect(path);
  const end = AbortSignal.timeout(answerMs);
  const stop = (): void => void socket.destroy();
  end.addEventListener('abort', stop);
  try {
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.length > maxAnswerBytes) socket.destroy();
    });
    socket.write(`${JSON.stringify(asked)}\n`);
    await once(socket, 'close');
    const said = parseJson(text);
    return isJsonObject(said) ? said : undefined;
  } finally {
    end.removeEventListener('abort', stop);
    socket.destroy();
  }
}
