const schemes = new Set(['rtsp:', 'rtsps:', 'http:', 'https:']);

/** Why this is no address of a camera; undefined when it may be one. Whether one answers there the server finds out. */
export function addressFault(text: string): string | undefined {
  const url = URL.parse(text.trim());
  if (url === null) return 'An address such as rtsp://192.0.2.20/stream1';
  if (!schemes.has(url.protocol)) return 'It begins with rtsp://, rtsps://, http:// or https://';
  if (url.hostname === '') return 'The name or number of the camera is missing';
  return undefined;
}

/** Whether sound can come from there, too: RTSP brings it, a row of JPEGs cannot. */
export function mayBringSound(text: string): boolean {
  return /^rtsps?:$/.test(URL.parse(text.trim())?.protocol ?? '');
}
