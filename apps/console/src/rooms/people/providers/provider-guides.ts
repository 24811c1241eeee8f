import type { ProviderDraft } from './provider-draft.ts';

export type Preset = ProviderDraft['preset'];

/** What differs from provider to provider: where to begin there, and what to enter here. */
export type ProviderGuide = {
  readonly preset: Preset;
  readonly name: string;
  readonly words: string;
  /** Placeholder of the issuer. */
  readonly issuer: string;
  readonly start: Partial<ProviderDraft>;
  readonly steps: readonly string[];
};

export const providerGuides: readonly ProviderGuide[] = [
  {
    preset: 'google',
    name: 'Google',
    words: 'Google Workspace and Cloud Identity',
    issuer: 'https://accounts.google.com',
    start: {
      name: 'Google',
      issuer: 'https://accounts.google.com',
      nameClaim: 'email',
      required: 'hd=example.org',
      prompt: 'select_account',
    },
    steps: [
      'In the Google Cloud console, under APIs & Services, Credentials, create an OAuth client ID of the kind “Web application”.',
      'Paste the redirect address below under “Authorized redirect URIs”.',
      'Copy client ID and client secret into the form. Keep the required claim “hd” with your own domain: without it, anybody with a Google account is somebody to Google.',
      'Google sends no groups: roles come from “everybody has”, or are given under People.',
    ],
  },
  {
    preset: 'microsoft',
    name: 'Microsoft Entra ID',
    words: 'Microsoft 365, Azure AD',
    issuer: 'https://login.microsoftonline.com/TENANT-ID/v2.0',
    start: { name: 'Microsoft', groupsClaim: 'roles' },
    steps: [
      'In the Entra admin centre, under App registrations, register an application for accounts in this directory only.',
      'Under Authentication, add the platform “Web” with the redirect address below.',
      'The issuer has your tenant’s id in it; “common” and “organizations” are refused, since they vouch for anybody.',
      'Under App roles, make one for each role here and assign groups to it: they come in the claim “roles”. (With “groups” instead, values are object ids, and more than 200 do not fit.)',
      'Under Certificates & secrets, make a client secret. Note when it expires.',
    ],
  },
  {
    preset: 'okta',
    name: 'Okta',
    words: 'Okta Workforce Identity',
    issuer: 'https://YOUR-ORG.okta.com',
    start: { name: 'Okta', groupsClaim: 'groups', scopes: 'openid profile email groups' },
    steps: [
      'In the Okta admin console, create an app integration: OIDC, Web application, authorization code.',
      'Paste the redirect address below under “Sign-in redirect URIs”.',
      'Under Sign On, add a groups claim “groups” with the filter you want.',
      'Better than a secret: choose “Public key / Private key” there and the key of this server here.',
    ],
  },
  {
    preset: 'keycloak',
    name: 'Keycloak',
    words: 'Keycloak, Red Hat build of Keycloak',
    issuer: 'https://sso.example.org/realms/REALM',
    start: { name: 'Keycloak', groupsClaim: 'realm_access.roles' },
    steps: [
      'In the realm, create a client: OpenID Connect, client authentication on, standard flow alone.',
      'Paste the redirect address below under “Valid redirect URIs”, and the logout address under “Backchannel logout URL”.',
      'Realm roles come in the claim “realm_access.roles”, if the mapper adds it to the ID token; groups with the mapper “Group Membership”.',
      'Under Credentials, choose “Signed JWT” with the address of this server’s keys, or copy the secret.',
    ],
  },
  {
    preset: 'generic',
    name: 'Another OpenID provider',
    words: 'Anything that speaks OpenID Connect',
    issuer: 'https://id.example.org',
    start: {},
    steps: [
      'Register this server there as a confidential web client with the authorization code flow.',
      'Paste the redirect address below exactly as it is, and the logout address if it knows back-channel logout.',
      'The issuer is what its /.well-known/openid-configuration calls “issuer”, to the last slash.',
    ],
  },
  {
    preset: 'firebase',
    name: 'Firebase',
    words: 'ID tokens of an app of your own',
    issuer: '',
    start: { name: 'Firebase', required: 'staff=true' },
    steps: [
      'Your app signs people in with Firebase Authentication and sends the ID token it gets to POST /v1/session/id-token, within five minutes.',
      'Enter the id of the Firebase project; there is no secret.',
      'Whoever can make themselves an account in the project is somebody to Firebase: require a custom claim that only you can set.',
    ],
  },
];

export function guideOf(preset: string): ProviderGuide | undefined {
  return providerGuides.find((guide) => guide.preset === preset);
}
