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
  'PATCH /v1/cameras/{id}': 'change a network camera',
  'DELETE /v1/cameras/{id}': 'remove a network camera',
  'PUT /v1/recordings/retention': 'change how long recordings are kept',
  'POST /v1/devices/streams': 'make a stream key',
  'POST /v1/ledger/anchors/authorities': 'add a time-stamping authority',
  'DELETE /v1/ledger/anchors/authorities/{id}': 'remove a time-stamping authority',
  'PUT /v1/ledger/anchors/interval': 'change how often the log is stamped',
  'POST /v1/ledger/prune': 'let go of content of the log',
  'PUT /v1/inventory/crypto/policy': 'change what counts as weak',
  'PUT /v1/archive/settings': 'change where the archive goes',
  'DELETE /v1/archive/settings': 'end archiving',
  'POST /v1/search/remap': 'fill the search store again',
  'PUT /v1/settings/key-lifetimes': 'change how long API keys last',
  'PUT /v1/authentication': 'change what people must show to come in',
  'PUT /v1/authentication/passkeys': 'change which passkeys may be used',
  'POST /v1/authentication/passkeys/metadata': 'take a list of authenticators',
  'PUT /v1/authentication/codes/email': 'change how codes are sent',
  'PUT /v1/authentication/codes/sms': 'change how codes are sent',
  'POST /v1/authentication/codes/test': 'send a test',
  'POST /v1/passwords/breached/imports': 'import a list of breached passwords',
  'DELETE /v1/passwords/breached': 'remove the list of breached passwords',
  'POST /v1/privileges/requests/{id}/approve': 'say yes to somebody’s request',
  'POST /v1/privileges/requests/{id}/take-up': 'begin what was approved',
  'POST /v1/privileges/requests/{id}/review': 'say whether it was proper',
  'POST /v1/break-glass': 'make a sealed account',
  'POST /v1/break-glass/{id}/seal': 'seal an account anew',
  'POST /v1/break-glass/{id}/drill': 'try a sealed account',
  'POST /v1/break-glass/{id}/opening': 'change how an account is opened',
  'POST /v1/break-glass/{id}/passkeys': 'add a passkey to this account',
  'POST /v1/break-glass/{id}/passkeys/options': 'add a passkey to this account',
  'DELETE /v1/break-glass/{id}/passkeys/{passkey}': 'take a passkey from this account',
  'DELETE /v1/break-glass/{id}': 'remove a sealed account',
  'PUT /v1/privileges/rules': 'change who may ask for what',
  'POST /v1/policy/versions': 'stage a version of the policy',
  'POST /v1/policy/versions/{version}/activate': 'put a version of the policy in force',
  'POST /v1/policy/versions/{version}/approve': 'say yes to a version of the policy',
  'POST /v1/policy/versions/{version}/withdraw': 'withdraw a version of the policy',
  'POST /v1/providers': 'add a sign-in provider',
  'PATCH /v1/providers/{id}': 'change a sign-in provider',
  'DELETE /v1/providers/{id}': 'remove a sign-in provider',
  'POST /v1/providers/{id}/key': 'make a new key for a provider',
  'POST /v1/provider-links': 'link somebody’s account at a provider',
  'DELETE /v1/provider-links/{id}': 'unlink somebody’s account at a provider',
  'POST /v1/certificate-authorities': 'accept certificates of an authority',
  'PATCH /v1/certificate-authorities/{id}': 'change an authority',
  'DELETE /v1/certificate-authorities/{id}': 'remove an authority',
  'POST /v1/users/{id}/certificates': 'bind a certificate to somebody',
  'DELETE /v1/users/{id}/certificates/{certificate}': 'take a certificate from somebody',
  'POST /v1/account/certificates/begin': 'add a certificate',
  'POST /v1/account/certificates': 'add a certificate',
  'POST /v1/service-accounts': 'make a service account',
  'PATCH /v1/service-accounts/{id}': 'change a service account',
  'POST /v1/service-accounts/{id}/resume': 'let a service account go on',
  'POST /v1/service-accounts/{id}/secrets': 'make a client secret',
  'POST /v1/service-accounts/{id}/credentials': 'register a key of a service account',
  'POST /v1/geo': 'take a database of places',
  'DELETE /v1/geo/{kind}': 'remove a database of places',
  'POST /v1/account/addresses': 'add an address for codes',
  'POST /v1/account/addresses/{id}/confirm': 'add an address for codes',
  'DELETE /v1/account/addresses/{id}': 'remove an address for codes',
  'PUT /v1/account/password': 'change your password',
  'POST /v1/account/totp': 'add an authenticator app',
  'POST /v1/account/totp/confirm': 'add an authenticator app',
  'POST /v1/account/passkeys': 'add a passkey',
  'POST /v1/account/passkeys/options': 'add a passkey',
  'DELETE /v1/account/factors/{id}': 'remove a second factor',
  'POST /v1/account/recovery-codes': 'make new recovery codes',
};
