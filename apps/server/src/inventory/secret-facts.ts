import type { AlgorithmId, KeyRole } from '@sallyport/crypto-inventory';
import { secretNames } from '../secret-names.ts';

/** What a secret of the vault is, which the vault itself does not know. */
export type SecretFacts = {
  readonly owner: string;
  readonly usedFor: string;
  readonly role: KeyRole;
  readonly material: 'secret-key' | 'private-key' | 'token';
  readonly algorithm?: AlgorithmId;
  readonly sizeBits?: number;
};

const key = { material: 'secret-key', sizeBits: 256 } as const;
const sealing = { ...key, role: 'encryption', algorithm: 'aes-256-gcm' } as const;
const certificateKey = { material: 'private-key', role: 'authentication' } as const;
const ecKey = { ...certificateKey, algorithm: 'ecdsa-p256', sizeBits: 256 } as const;

/** By name. A secret that is not here is shown as sealed bytes of an unknown kind. */
export const secretFacts: Readonly<Record<string, SecretFacts>> = {
  [secretNames.outbox]: { ...sealing, owner: 'ledger', usedFor: 'seals audit events that wait for the ledger' },
  [secretNames.storeDisk]: {
    ...key,
    role: 'encryption',
    algorithm: 'aes-256-ctr',
    owner: 'event-search',
    usedFor: 'encrypts the disk of the event store',
  },
  [secretNames.identity]: {
    ...key,
    role: 'derivation',
    algorithm: 'hkdf-sha-256',
    owner: 'identity',
    usedFor: 'the pepper of passwords, the seal of one-time codes, the MACs of recovery codes and challenges',
  },
  [secretNames.identityColumns]: {
    ...sealing,
    owner: 'identity',
    usedFor: 'encrypted columns of people, factors, sessions and keys',
  },
  [secretNames.correlations]: {
    ...key,
    role: 'mac',
    algorithm: 'hmac-sha-256',
    owner: 'detection',
    usedFor: 'hides who correlations count',
  },
  [secretNames.behaviour]: { ...sealing, owner: 'behaviour', usedFor: 'seals what is learnt of whom, hides of whom' },
  [secretNames.accessRisk]: {
    ...sealing,
    owner: 'access-risk',
    usedFor: 'seals what is known of how people come and go, hides of whom',
  },
  [secretNames.policies]: { ...sealing, owner: 'policy-library', usedFor: 'seals access policies that people write' },
  [secretNames.policyMark]: {
    owner: 'policy-library',
    usedFor: 'how often policies were put into force: tells a database that was set back; a number, no key',
    role: 'authentication',
    material: 'token',
  },
  [secretNames.policyNumbers]: {
    owner: 'policy-library',
    usedFor: 'how far numbers of versions of policies have come: none is given twice; a number, no key',
    role: 'authentication',
    material: 'token',
  },
  [secretNames.agentPolicies]: {
    ...sealing,
    owner: 'agent-guard',
    usedFor: 'seals policies for agents that people write',
  },
  [secretNames.agentPolicyMark]: {
    owner: 'agent-guard',
    usedFor: 'how often policies for agents were put into force: tells a database that was set back; a number, no key',
    role: 'authentication',
    material: 'token',
  },
  [secretNames.ruleDocuments]: {
    ...sealing,
    owner: 'rule-library',
    usedFor: 'seals rules that people write, and their tests',
  },
  [secretNames.hunts]: { ...sealing, owner: 'hunting', usedFor: 'seals queries and rules of hunts' },
  [secretNames.rulePacks]: {
    ...sealing,
    owner: 'rule-library',
    usedFor: 'seals what is kept of rule packs and the keys that may sign them',
  },
  [secretNames.ruleExceptions]: { ...sealing, owner: 'rule-exceptions', usedFor: 'seals exceptions and their reasons' },
  [secretNames.privileges]: {
    ...sealing,
    owner: 'privileged-access',
    usedFor: 'seals reasons and addresses of requests for rights, hashes sealed codes',
  },
  [secretNames.privilegeMark]: {
    owner: 'privileged-access',
    usedFor: 'how far rights held for a time have come: tells a database that was set back; a number, no key',
    role: 'authentication',
    material: 'token',
  },
  [secretNames.codesMark]: {
    owner: 'privileged-access',
    usedFor: 'how far accounts that sealed codes open have come: tells codes that were used; a number, no key',
    role: 'authentication',
    material: 'token',
  },
  [secretNames.criticality]: { ...sealing, owner: 'entity-graph', usedFor: 'seals how much which asset matters' },
  [secretNames.suppressions]: {
    ...sealing,
    owner: 'incident-response',
    usedFor: 'seals what alerts and suppressions name',
  },
  [secretNames.sensors]: {
    ...key,
    role: 'mac',
    algorithm: 'hmac-sha-256',
    owner: 'device-fleet',
    usedFor: 'names sensors; opens what earlier versions sealed',
  },
  [secretNames.devices]: { ...sealing, owner: 'device-fleet', usedFor: 'opens what earlier versions sealed' },
  [secretNames.fleetColumns]: {
    ...sealing,
    owner: 'device-fleet',
    usedFor: 'encrypted columns of devices, codes and sensors',
  },
  [secretNames.agentColumns]: {
    ...sealing,
    owner: 'agent-guard',
    usedFor: 'encrypted columns of AI agents, their runs and what stops them',
  },
  [secretNames.machineColumns]: {
    ...sealing,
    owner: 'machine-access',
    usedFor: 'encrypted columns of service accounts and sign-ins of programs',
  },
  [secretNames.cameras]: { ...sealing, owner: 'camera-watch', usedFor: 'opens cameras that earlier versions kept' },
  [secretNames.cameraColumns]: {
    ...sealing,
    owner: 'camera-watch',
    usedFor: 'encrypted columns of cameras, former cameras, zones, standings and moments',
  },
  [secretNames.cameraWatching]: {
    ...sealing,
    owner: 'camera-watch',
    usedFor: 'seals scenes, groups moments, opens what earlier versions sealed',
  },
  [secretNames.recordings]: {
    ...sealing,
    role: 'wrapping',
    owner: 'camera-watch',
    usedFor: 'wraps the keys of recordings, one a camera and day',
  },
  [secretNames.hostSensor]: {
    owner: 'device-fleet',
    usedFor: 'the API key of the sensor of this machine',
    role: 'credential',
    material: 'token',
    sizeBits: 256,
  },
  [secretNames.authority]: {
    ...ecKey,
    role: 'signing',
    owner: 'certificate-authority',
    usedFor: 'signs certificates of this installation',
  },
  [secretNames.authorityHttps]: {
    ...ecKey,
    owner: 'certificate-authority',
    usedFor: 'the HTTPS listener, certified by the own authority',
  },
  'certificate-authority/server': {
    ...ecKey,
    owner: 'certificate-authority',
    usedFor: 'the first listener, certified by the own authority',
  },
  [secretNames.ownCertificate]: {
    ...certificateKey,
    owner: 'https',
    usedFor: 'the certificate somebody gave for the HTTPS listener',
  },
  [secretNames.acmeCertificate]: { ...ecKey, owner: 'https', usedFor: 'the certificate an ACME server issued' },
  [secretNames.acmeAccount]: {
    ...ecKey,
    role: 'authentication',
    owner: 'https',
    usedFor: 'the account at the ACME server',
  },
  [secretNames.signInProviderColumns]: {
    ...sealing,
    owner: 'sign-in-providers',
    usedFor: 'encrypted columns of sign-in providers, their secrets and keys, and whose accounts are whose',
  },
  [secretNames.signInAttempts]: {
    ...key,
    role: 'derivation',
    algorithm: 'hkdf-sha-256',
    owner: 'sign-in-providers',
    usedFor: 'the seal of what a browser carries to a sign-in provider and back',
  },
  [secretNames.personalIndex]: {
    ...key,
    role: 'mac',
    algorithm: 'hmac-sha-256',
    owner: 'personal-data',
    usedFor: 'ids of the people that sealed fields name',
  },
  [secretNames.archive]: {
    owner: 'archive',
    usedFor: 'signs requests to the store of the archive',
    role: 'credential',
    material: 'token',
  },
};
