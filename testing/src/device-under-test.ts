// A phone or camera as the server sees it: a key of its own, a code, a proof for each session.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { deviceFingerprint, deviceKeyText, deviceProofText } from '@sallyport/contracts';
import type { DeviceProofPurpose } from '@sallyport/contracts';

export type DeviceAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** One request with a JSON body, or none. */
export type DeviceAsk = (method: string, path: string, body?: object) => Promise<DeviceAnswer>;

export type DeviceUnderTest = {
  /** Empty before it is enrolled. */
  id(): string;
  readonly publicKey: { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string };
  /** As its screen would show it. */
  readonly fingerprint: string;
  /** ECDSA P-256, base64url, over `deviceProofText` for the host it talks to unless another is given. */
  sign(purpose: DeviceProofPurpose, value: string, host?: string): string;
  enrol(code: string, about?: object): Promise<DeviceAnswer>;
  /** A challenge, a proof, and what the server says to it. */
  openSession(): Promise<DeviceAnswer>;
  /** A token of a session just opened. Throws when the server opens none. */
  token(): Promise<string>;
};

/** `origin` is the server as the device reaches it, e.g. `http://127.0.0.1:8443`. */
export function createDeviceUnderTest(origin: string, ask: DeviceAsk = askWithFetch(origin)): DeviceUnderTest {
  const { privateKey, publicKey: ownKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = ownKey.export({ format: 'jwk' });
  const { host: ownHost } = new URL(origin);
  let id = '';

  const device: DeviceUnderTest = {
    id: () => id,
    publicKey: { kty: 'EC', crv: 'P-256', x, y },
    fingerprint: deviceFingerprint(createHash('sha256').update(deviceKeyText({ x, y })).digest()),
    sign: (purpose, value, host = ownHost) =>
      sign('sha256', Buffer.from(deviceProofText({ purpose, host, value })), {
        key: privateKey,
        dsaEncoding: 'ieee-p1363',
      }).toString('base64url'),
    async enrol(code, about) {
      const answer = await ask('POST', '/v1/devices/enrol', {
        code,
        public_key: device.publicKey,
        signature: device.sign('enrol', code),
        ...(about === undefined ? {} : { about }),
      });
      id = textOf(answer, 'device_id') || id;
      return answer;
    },
    async openSession() {
      const challenge = await ask('POST', '/v1/devices/challenge', { device_id: id });
      const nonce = textOf(challenge, 'nonce');
      return ask('POST', '/v1/devices/session', { device_id: id, nonce, signature: device.sign('session', nonce) });
    },
    async token() {
      const opened = await device.openSession();
      if (opened.status !== 200) throw new Error(`No session: ${String(opened.status)} ${JSON.stringify(opened.body)}`);
      return textOf(opened, 'token');
    },
  };
  return device;
}

/** A device that was given a code, enrolled, and approved. `manage` asks as somebody with `devices:manage`. */
export async function enrolDevice(
  device: DeviceUnderTest,
  manage: DeviceAsk,
  invitation: { readonly name: string; readonly kind?: 'phone' | 'pc' | 'esp32'; place?: string; site?: string },
): Promise<string> {
  const made = succeeded(await manage('POST', '/v1/devices/enrolments', { kind: 'phone', ...invitation }));
  succeeded(await device.enrol(textOf(made, 'code')));
  succeeded(await manage('POST', `/v1/devices/${device.id()}/approve`));
  return device.id();
}

/** Asks with the headers given, such as `authorization` of a key. */
export function askWithFetch(origin: string, headers: Readonly<Record<string, string>> = {}): DeviceAsk {
  return async (method, path, body) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const read: unknown = text === '' ? {} : JSON.parse(text);
    return { status: response.status, body: typeof read === 'object' && read !== null ? { ...read } : {} };
  };
}

function succeeded(answer: DeviceAnswer): DeviceAnswer {
  if (answer.status >= 300) throw new Error(`Refused: ${String(answer.status)} ${JSON.stringify(answer.body)}`);
  return answer;
}

function textOf({ body }: DeviceAnswer, name: string): string {
  const value = body[name];
  return typeof value === 'string' ? value : '';
}
