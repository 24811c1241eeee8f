import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { KMSClient, KMSServiceException } from '@aws-sdk/client-kms';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { messageOf } from '@sallyport/platform/errors';
import type { KeyVaultError } from '../../errors.ts';
import { refused, unavailable } from '../provider-failure.ts';
import type { KeyProvidersConfig } from '../providers-config.ts';
import { readSecretFile } from '../secret-file.ts';

export type AwsKmsConfig = NonNullable<KeyProvidersConfig['aws-kms']>;

/** Names of errors that say no to who asks, for good. */
const refusals: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'CredentialsProviderError',
  'DisabledException',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'KMSInvalidStateException',
  'LimitExceededException',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'ValidationException',
]);

/** A client of one region with credentials from the named places, bounded in tries and time. Throws `provider_refused` when everybody may read them. */
export function createKmsClient(config: AwsKmsConfig): KMSClient {
  if (config.credentials_file !== undefined) readSecretFile(config.credentials_file);
  return new KMSClient({
    region: config.region,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    credentials: defaultProvider({
      ...(config.credentials_file === undefined ? {} : { filepath: config.credentials_file }),
      ...(config.profile === undefined ? {} : { profile: config.profile }),
      ...(config.role_arn === undefined ? {} : { roleArn: config.role_arn }),
      ...(config.web_identity_token_file === undefined ? {} : { webIdentityTokenFile: config.web_identity_token_file }),
    }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: 15_000,
      httpsAgent: new Agent({
        minVersion: 'TLSv1.2',
        keepAlive: true,
        maxSockets: 2,
        ...(config.ca_file === undefined ? {} : { ca: readCertificates(config.ca_file) }),
      }),
    },
  });
}

/** Whether KMS says there is no such key or alias. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KMSServiceException && error.name === 'NotFoundException';
}

/** Whether KMS says that a ciphertext, its context or its key do not belong together. */
export function isDamage(error: unknown): boolean {
  const names: readonly string[] = ['InvalidCiphertextException', 'IncorrectKeyException'];
  return error instanceof KMSServiceException && names.includes(error.name);
}

/** Whether KMS says the key is in a state that forbids the call. */
export function isStateRefusal(error: unknown): boolean {
  const names: readonly string[] = ['DisabledException', 'KMSInvalidStateException'];
  return error instanceof KMSServiceException && names.includes(error.name);
}

export function kmsFailure(what: string, error: unknown): KeyVaultError {
  const name = error instanceof Error ? error.name : '';
  if (refusals.has(name)) return refused(`AWS KMS would not ${what}: ${name}: ${messageOf(error).slice(0, 300)}`);
  return unavailable(`AWS KMS did not ${what}`, error);
}

function readCertificates(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unavailable(`Cannot read "${path}"`, messageOf(error));
  }
}
