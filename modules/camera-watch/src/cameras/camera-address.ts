import { kindOfHost } from '@sallyport/platform/guarded-address';
import { CameraWatchError } from '../errors.ts';
import type { Credentials } from './camera-authentication.ts';

export type CameraAddress = { readonly kind: 'mjpeg' | 'rtsp'; readonly url: URL };

const kinds: Readonly<Record<string, CameraAddress['kind']>> = {
  'http:': 'mjpeg',
  'https:': 'mjpeg',
  'rtsp:': 'rtsp',
  'rtsps:': 'rtsp',
};

/**
 * The address of a camera on the network. Throws `camera_url_refused`, without quoting it, since it may hold a password:
 * for any other scheme, for fragments, control characters in user or password, and for hosts that `refuseHost` refuses.
 */
export function parseCameraAddress(text: string, options: { readonly allowLoopback: boolean }): CameraAddress {
  // Spaces, quotes and the like mean something else to whoever reads it next; in a password they are percent-encoded.
  if (!/^[^\u0000-\u0020\u007f-\uffff"'\\`<>]{1,2000}$/.test(text))
    throw refused('it must be printable ASCII without spaces and quotes');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused('it is no URL');
  }
  const kind = kinds[url.protocol];
  if (kind === undefined) throw refused('it must begin with http:, https:, rtsp: or rtsps:');
  if (url.hash !== '' || url.hostname === '') throw refused('it must have a host and no fragment');
  const { user, password } = credentialsIn(url) ?? { user: '', password: '' };
  // They would be written into headers.
  if (/[\u0000-\u001f\u007f]/.test(user + password)) throw refused('user and password have no control characters');
  refuseHost(url.hostname, options);
  return { kind, url };
}

/** User and password of an address; undefined without either. */
export function credentialsIn(url: URL): Credentials | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { user: percentDecoded(url.username), password: percentDecoded(url.password) };
}

/** As it stands where it is no percent-encoding: whoever has `50%` in a password means that. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The same address without user and password. */
export function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/**
 * Throws `camera_url_refused` for hosts that are no camera whoever says so: this machine (unless allowed), link-local ones,
 * where clouds keep credentials, unspecified and multicast addresses. Of names the address they lead to is to be asked.
 */
export function refuseHost(host: string, { allowLoopback }: { readonly allowLoopback: boolean }): void {
  const kind = kindOfHost(host);
  if (kind === 'this-machine' && !allowLoopback) throw refused('it leads to this machine');
  if (kind === 'nowhere') throw refused('it leads to no camera');
}

/** What people are shown: never user, password, path or query, any of which may be the secret. */
export function shownAddress(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

function refused(why: string): CameraWatchError {
  return new CameraWatchError('camera_url_refused', `Cannot use this address of a camera: ${why}`);
}
