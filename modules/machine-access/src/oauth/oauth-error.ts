/** RFC 6749 section 5.2, RFC 8628 section 3.5, RFC 9449 sections 5 and 8. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable';

/** An expected refusal of an OAuth endpoint, answered as OAuth clients read it. The description tells no secret and nobody's name. */
export class OAuthError extends Error {
  readonly error: OAuthErrorCode;
  readonly status: 400 | 401 | 503;
  /** For the ledger. */
  readonly reason: string;

  constructor(error: OAuthErrorCode, description: string, options: { readonly reason?: string } = {}) {
    super(description);
    this.name = 'OAuthError';
    this.error = error;
    this.status = error === 'invalid_client' ? 401 : error === 'temporarily_unavailable' ? 503 : 400;
    this.reason = options.reason ?? error;
  }
}
