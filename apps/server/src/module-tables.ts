// What every part of the house brings: its tables, and the problems it has codes for.
import { accessPolicyProblems } from '@sallyport/access-policy';
import { accessRiskMigrations, accessRiskProblems } from '@sallyport/access-risk';
import { agentGuardMigrations, agentGuardProblems } from '@sallyport/agent-guard';
import { behaviourMigrations, behaviourProblems } from '@sallyport/behaviour';
import { cameraWatchMigrations, cameraWatchProblems } from '@sallyport/camera-watch';
import { certificateProblems } from '@sallyport/certificate-authority';
import { inventoryMigrations, inventoryProblems } from '@sallyport/crypto-inventory';
import { detectionMigrations, detectionProblems } from '@sallyport/detection';
import { deviceFleetMigrations, deviceFleetProblems } from '@sallyport/device-fleet';
import { entityGraphMigrations, entityGraphProblems } from '@sallyport/entity-graph';
import { eventIntakeMigrations, eventIntakeProblems } from '@sallyport/event-intake';
import { eventSearchMigrations, eventSearchProblems } from '@sallyport/event-search';
import { huntingMigrations, huntingProblems } from '@sallyport/hunting';
import { identityMigrations, identityProblems } from '@sallyport/identity';
import { alertMigrations, alertProblems } from '@sallyport/incident-response';
import { keyVaultMigrations, keyVaultProblems } from '@sallyport/key-vault/server';
import { ledgerMigrations, ledgerProblems } from '@sallyport/ledger';
import { machineAccessMigrations, machineAccessProblems } from '@sallyport/machine-access';
import { personalDataMigrations, personalDataProblems } from '@sallyport/personal-data';
import { privilegeMigrations, privilegeProblems } from '@sallyport/privileged-access';
import { coverageProblems } from '@sallyport/threat-coverage';
import { policyLibraryMigrations, policyLibraryProblems } from '@sallyport/policy-library';
import { retentionMigrations, retentionProblems } from '@sallyport/retention';
import { rulePackMigrations, rulePackProblems } from '@sallyport/rule-library/packs';
import { ruleDocumentMigrations, ruleDocumentProblems } from '@sallyport/rule-library';
import { ruleExceptionMigrations, ruleExceptionProblems } from '@sallyport/rule-exceptions';
import { providerProblems, signInProviderMigrations } from '@sallyport/sign-in-providers';
import { archiveMigrations, archiveProblems } from './archive.ts';
import { httpsMigrations, httpsProblems } from './https/index.ts';

/** In the order in which they are made: later ones may rest on earlier ones. */
export const moduleMigrations = [
  ledgerMigrations,
  keyVaultMigrations,
  identityMigrations,
  privilegeMigrations,
  machineAccessMigrations,
  agentGuardMigrations,
  eventIntakeMigrations,
  deviceFleetMigrations,
  cameraWatchMigrations,
  eventSearchMigrations,
  detectionMigrations,
  behaviourMigrations,
  accessRiskMigrations,
  huntingMigrations,
  rulePackMigrations,
  ruleExceptionMigrations,
  ruleDocumentMigrations,
  policyLibraryMigrations,
  entityGraphMigrations,
  alertMigrations,
  retentionMigrations,
  httpsMigrations,
  inventoryMigrations,
  personalDataMigrations,
  archiveMigrations,
  signInProviderMigrations,
];

export const moduleProblems = [
  ledgerProblems,
  keyVaultProblems,
  identityProblems,
  privilegeProblems,
  machineAccessProblems,
  agentGuardProblems,
  eventIntakeProblems,
  deviceFleetProblems,
  cameraWatchProblems,
  eventSearchProblems,
  detectionProblems,
  behaviourProblems,
  accessRiskProblems,
  huntingProblems,
  coverageProblems,
  rulePackProblems,
  ruleExceptionProblems,
  ruleDocumentProblems,
  policyLibraryProblems,
  accessPolicyProblems,
  entityGraphProblems,
  alertProblems,
  retentionProblems,
  certificateProblems,
  httpsProblems,
  inventoryProblems,
  personalDataProblems,
  archiveProblems,
  providerProblems,
];
