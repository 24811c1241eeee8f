/** Asks whoever sits here to prove once more who they are; the request waits. */
export type ProofRequest = {
  /** What it is for, to go after “to”: `create an API key`. */
  readonly purpose: string;
  readonly answer: (isProved: boolean) => void;
};

const eventName = 'sallyport:step-up';

/** Resolves to whether it was proved; false when the dialog was closed, or when no page is there to show it. */
export function requestProof(purpose: string): Promise<boolean> {
  return new Promise((resolve) => {
    const event = new CustomEvent<ProofRequest>(eventName, { cancelable: true, detail: { purpose, answer: resolve } });
    // Whoever shows the dialog says so by preventing the default.
    if (window.dispatchEvent(event)) resolve(false);
  });
}

/** Until the returned function is called. */
export function onProofRequested(show: (request: ProofRequest) => void): () => void {
  const listener = (event: Event): void => {
    if (!(event instanceof CustomEvent) || !isProofRequest(event.detail)) return;
    event.preventDefault();
    show(event.detail);
  };
  window.addEventListener(eventName, listener);
  return () => window.removeEventListener(eventName, listener);
}

function isProofRequest(value: unknown): value is ProofRequest {
  return typeof value === 'object' && value !== null && 'purpose' in value && 'answer' in value;
}

/** What a route does, in words that go after “to”. */
export function purposeOf(route: string): string {
  return purposes[route] ?? 'do this';
}

const purposes: Readonly<Record<string, string>> = {
  'POST /v1/keys': 'create an API key',
  'POST /v1/keys/{id}/resume': 'let a suspended key work again',
  'PATCH /v1/users/{id}': 'change somebody’s access',
  'POST /v1/users/{id}/reset': 'reset somebody’s account',
  'POST /v1/invitations': 'invite somebody',
  'PUT /v1/settings': 'change settings of the whole server',
  'PUT /v1/settings/listeners': 'open or close syslog listeners',
  'PUT /v1/sources/{key_id}/{name}': 'change how a source is treated',
  'DELETE /v1/sensors/{id}': 'retire a sensor',
  'POST /v1/sensors/{id}/key': 'accept another key of a sensor',
  'PUT /v1/settings/https': 'change how others reach this server',
  'POST /v1/settings/https/order': 'order a certificate',
  'POST /v1/settings/https/directory': 'ask a server for its terms',
  'DELETE /v1/sessions/{id}': 'end somebody’s session',
  'DELETE /v1/sessions': 'end somebody’s sessions',
  'PUT /v1/sessions/policy': 'change how long sessions last',
  'PATCH /v1/devices/{id}': 'change a device',
  'POST /v1/devices/{id}/approve': 'let a device in',
  'POST /v1/devices/{id}/revoke': 'shut a device out',
  'POST /v1/cameras': 'add a network camera',
  'POST /v1/cameras/{id}/clips': 'export a clip',
  'POST /v1/cameras/{id}/view': 'have a camera learn a new view',
  'POST /v1/ledger/witnesses': 'add a witness',
  'DELETE /v1/ledger/witnesses/{id}': 'remove a witness',
  'PUT /v1/ledger/witnesses/policy': 'change how many witnesses are enough',
  'POST /v1/ledger/witnesses/sign-anyway': 'vouch for the log',
  'POST /v1/vault/rotations': 'replace keys of the vault',
  'POST /v1/vault/keys/{id}/state': 'change a key of the vault',
  'POST /v1/suppressions': 'silence a rule without an end',
  'PUT /v1/account/password': 'change your password',
  'POST /v1/account/totp': 'add an authenticator app',
  'POST /v1/account/totp/confirm': 'add an authenticator app',
  'POST /v1/account/passkeys': 'add a passkey',
  'POST /v1/account/passkeys/options': 'add a passkey',
  'DELETE /v1/account/factors/{id}': 'remove a second factor',
  'POST /v1/account/recovery-codes': 'make new recovery codes',
};
