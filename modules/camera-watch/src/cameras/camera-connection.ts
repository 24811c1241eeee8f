import { connect as connectPlain, isIP, type Socket } from 'node:net';
import {
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { codeOf } from '@sallyport/platform/errors';
import { CameraWatchError } from '../errors.ts';
import { refuseHost } from './camera-address.ts';
import { guardedLookup } from './guarded-lookup.ts';

/**
 * Opens a connection to a camera: to an address that `refuseHost` let pass, and for `https` and `rtsps` to the right one.
 * That is the one whose certificate has `fingerprint`, where one is given; else one that an authority known to this machine
 * vouches for, under the name of the address. Nothing is sent to any other. Rejects with `camera_url_refused`,
 * `camera_input_failed` (not reached), `camera_certificate_untrusted` or `camera_certificate_changed`; the last two carry
 * `details.tls_fingerprint`, of what the camera showed.
 */
export type ConnectCamera = (request: {
  readonly url: URL;
  readonly fingerprint: string | undefined;
  readonly signal: AbortSignal;
}) => Promise<Socket>;

const connectWithinMs = 10_000;
const ports: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'rtsp:': 554, 'rtsps:': 322 };

export function createCameraConnections(needs: {
  readonly allowLoopback: boolean;
  /** Certificates of authorities that are trusted, in PEM; those of Node and of the system when left out. */
  readonly authorities?: readonly string[] | undefined;
}): ConnectCamera {
  let known: SecureContext | undefined;
  /** Hundreds of certificates: read once, and only where they are needed. */
  const trusted = (): SecureContext =>
    (known ??= createSecureContext({
      ca: [...(needs.authorities ?? [...getCACertificates('default'), ...getCACertificates('system')])],
    }));

  return async ({ url, fingerprint, signal }) => {
    signal.throwIfAborted();
    const host = url.hostname.replaceAll(/^\[|\]$/g, '');
    // Numbers are not looked up.
    refuseHost(host, needs);
    const target = { host, port: Number(url.port) || (ports[url.protocol] ?? 0), lookup: guardedLookup(needs) };
    if (!isSecureAddress(url)) {
      const socket = connectPlain(target);
      return opened(socket, { event: 'connect', signal });
    }
    const socket = connectTls({
      ...target,
      secureContext: trusted(),
      // Judged below, before anything is sent: who pins a certificate asks no authority.
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    await opened(socket, { event: 'secureConnect', signal });
    try {
      judge(socket, fingerprint);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return socket;
  };
}

/** Whether the camera at this address shows a certificate. */
export function isSecureAddress(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'rtsps:';
}

/** SHA-256 of a certificate as it is kept and shown: upper case, colons between the bytes. */
export function fingerprintFrom(text: string): string {
  return (text.toUpperCase().match(/[0-9A-F]{2}/g) ?? []).join(':');
}

function judge(socket: TLSSocket, fingerprint: string | undefined): void {
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  if (shown === undefined) throw failed('the camera shows no certificate');
  const options = { details: { tls_fingerprint: shown } };
  if (fingerprint !== undefined) {
    if (shown !== fingerprint)
      throw new CameraWatchError(
        'camera_certificate_changed',
        `The camera shows another certificate than the trusted one: SHA-256 ${shown}`,
        { ...options, hint: 'somebody may stand in between; trust it only if you know why it was changed' },
      );
    return;
  }
  if (!socket.authorized)
    throw new CameraWatchError(
      'camera_certificate_untrusted',
      `Nobody known here vouches for the certificate of the camera: SHA-256 ${shown}`,
      { ...options, hint: 'compare it with what the camera shows of itself, then give it as tls_fingerprint' },
    );
}

function opened<Opened extends Socket>(
  socket: Opened,
  { event, signal }: { readonly event: 'connect' | 'secureConnect'; readonly signal: AbortSignal },
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      socket.setTimeout(0).off('timeout', tooLate).off('error', broken).off('close', closed).off(event, connected);
      signal.removeEventListener('abort', stopped);
      outcome();
    };
    const give = (error: Error): void =>
      settle(() => {
        // What it still says is of no interest; unheard it would end the process.
        socket.on('error', () => undefined).destroy();
        reject(error);
      });
    const tooLate = (): void => give(failed('the camera is not reached: it does not answer'));
    const broken = (error: unknown): void => give(error instanceof CameraWatchError ? error : failed(unreached(error)));
    const closed = (): void => give(failed('the camera is not reached: it hung up'));
    const stopped = (): void => give(signal.reason instanceof Error ? signal.reason : failed('stopped'));
    const connected = (): void =>
      settle(() => {
        socket.on('error', () => undefined);
        resolve(socket);
      });
    socket
      .setTimeout(connectWithinMs)
      .on('timeout', tooLate)
      .on('error', broken)
      .on('close', closed)
      .on(event, connected);
    signal.addEventListener('abort', stopped, { once: true });
  });
}

function unreached(error: unknown): string {
  const code = codeOf(error) ?? 'failed';
  if (/^(?:ENOTFOUND|EAI_)/.test(code)) return 'the camera is not reached: its name leads nowhere';
  return `the camera is not reached: ${code}`;
}

function failed(why: string): CameraWatchError {
  return new CameraWatchError('camera_input_failed', why);
}
