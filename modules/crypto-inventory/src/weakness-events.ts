import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Weakness } from './weakness.ts';

const actor = { kind: 'system', id: 'crypto-inventory', name: 'Inventory of keys and certificates' } as const;
const otherActivity = 99;

/**
 * What the bundled rules find (`content/rules/sallyport/crypto-*.yml`): detection makes the finding of class 2004, and an alert for
 * each device, which here is the asset. `inventory.weak` is told at the beginning and each time it got worse.
 */
export function weaknessEvent(
  nowMs: number,
  told: {
    readonly action: 'inventory.weak' | 'inventory.healed';
    readonly asset: { readonly id: string; readonly name: string; readonly owner: string };
    readonly weakness: Pick<Weakness, 'reason' | 'stage' | 'level' | 'message'>;
  },
): AuditEvent {
  const { action, asset, weakness } = told;
  const { classUid, event } = auditEvent({
    nowMs,
    actor,
    action,
    classUid: ocsfClass.entityManagement,
    activityId: otherActivity,
    outcome: action === 'inventory.weak' ? 'failure' : 'success',
    target: { type: 'cryptographic-asset', id: asset.id, name: asset.name },
    details: {
      asset: asset.id,
      owner: asset.owner,
      reason: weakness.reason,
      stage: weakness.stage,
      level: weakness.level,
    },
  });
  const message = action === 'inventory.weak' ? weakness.message : `No longer: ${weakness.message}`;
  return { classUid, event: { ...event, message, device: { type_id: 0, name: asset.name } } };
}
