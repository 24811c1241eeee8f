import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type EdgeErrorCode =
  | 'authentication_failed'
  | 'authentication_required'
  | 'authentication_unavailable'
  | 'authorization_unavailable'
  | 'body_invalid'
  | 'body_too_large'
  | 'cross_origin'
  | 'csrf_refused'
  | 'headers_too_large'
  | 'host_not_allowed'
  | 'host_not_here'
  | 'internal'
  | 'key_proof_mismatch'
  | 'key_proof_required'
  | 'media_type_unsupported'
  | 'plain_http_not_loopback'
  | 'port_in_use'
  | 'port_privileged'
  | 'problem_code_twice'
  | 'rate_limited'
  | 'request_invalid'
  | 'request_malformed'
  | 'request_timeout'
  | 'route_not_found'
  | 'route_undeclared'
  | 'scope_missing'
  | 'socket_in_use'
  | 'socket_path_too_long'
  | 'step_up_required'
  | 'too_many_connections'
  | 'too_many_sockets'
  | 'upgrade_refused'
  | 'upgrade_required';

export class EdgeError extends CodedError<EdgeErrorCode> {}

export const edgeProblems = {
  authentication_failed: { status: 401, title: 'The key or session was refused' },
  authentication_required: { status: 401, title: 'A key or session is required' },
  authentication_unavailable: { status: 503, title: 'The key or session cannot be checked now' },
  authorization_unavailable: { status: 503, title: 'Nobody can be let in now' },
  body_invalid: { status: 400, title: 'The body cannot be read' },
  body_too_large: { status: 413, title: 'The body is too large' },
  cross_origin: { status: 403, title: 'Requests from other web sites are refused' },
  csrf_refused: { status: 403, title: 'The request does not come from a page of this server' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  host_not_here: { status: 400, title: 'This machine has no such address' },
  host_not_allowed: { status: 421, title: 'This server does not answer to that host name' },
  internal: { status: 500, title: 'Something went wrong on the server' },
  key_proof_mismatch: { status: 403, title: 'The browser signed something else' },
  key_proof_required: { status: 403, title: 'The browser must sign this with its key' },
  media_type_unsupported: { status: 415, title: 'The content type is not supported' },
  port_in_use: { status: 409, title: 'The port is in use' },
  port_privileged: { status: 409, title: 'The port may not be opened' },
  rate_limited: { status: 429, title: 'Too many requests' },
  request_invalid: { status: 400, title: 'The request does not fit its description' },
  request_malformed: { status: 400, title: 'This is not HTTP' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  route_not_found: { status: 404, title: 'There is nothing here' },
  route_undeclared: { status: 403, title: 'Nobody may call this' },
  step_up_required: { status: 403, title: 'Confirm that it is you' },
  scope_missing: { status: 403, title: 'The caller may not do this' },
  too_many_sockets: { status: 429, title: 'Too many sockets are open' },
  upgrade_refused: { status: 400, title: 'This is no WebSocket' },
  upgrade_required: { status: 426, title: 'This is a WebSocket' },
} as const satisfies ProblemTable;
