export { parseKubernetesAudit } from './kubernetes-audit.ts';
export type { KubernetesAuditEvent, KubernetesAuditRefusalCode, KubernetesAuditStage } from './kubernetes-audit.ts';
