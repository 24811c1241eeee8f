import { codeOf, messageOf } from '@sallyport/platform/errors';

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EADDRNOTAVAIL: 'the address cannot be used from here',
  EAI_AGAIN: 'the name cannot be looked up now',
  ECONNABORTED: 'the connection was cut',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EEXIST: 'it exists already',
  EHOSTUNREACH: 'there is no way to that host',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links go in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENETUNREACH: 'there is no way to that network',
  ENOENT: 'there is no such file',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no directory',
  ENOTFOUND: 'there is no host of that name',
  ENXIO: 'nobody serves it',
  EPERM: 'that is not permitted',
  EPIPE: 'the connection was cut',
  EPROTO: 'it does not speak TLS as we do',
  EROFS: 'the disk can only be read',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it does not speak TLS 1.3',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not speak TLS 1.3',
};

/** Why the operating system or the network refused, in words instead of a code; anything else in its own. */
export function whyNot(error: unknown): string {
  const code = codeOf(error) ?? '';
  // Node's parser of HTTP has a code for each way not to be HTTP.
  if (code.startsWith('HPE_')) return 'what answers there does not speak HTTP';
  const known = Object.hasOwn(words, code) ? words[code] : undefined;
  return known ?? (messageOf(error) === '' ? code : messageOf(error));
}
