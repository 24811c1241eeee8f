import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { AccessRiskError } from './errors.ts';

/** From which risk on what happens. The bounds are what keeps somebody from switching it off: nothing here can be. */
export const RiskSettingsBody = Type.Object(
  {
    tell_from: Type.Integer({
      minimum: 10,
      maximum: 60,
      description: 'From this risk of a sign-in or use on, a finding',
    }),
    stronger_from: Type.Integer({
      minimum: 20,
      maximum: 75,
      description:
        'From this risk at sign-in on, weak codes do not count and a passkey is asked for where there is one',
    }),
    end_when_far_apart: Type.Boolean({
      description: 'A session bound to no key ends when it is in two places too far apart',
    }),
    end_when_other_browser: Type.Boolean({
      description: 'A session bound to no key ends when another browser uses it',
    }),
    mail: Type.Boolean({
      description:
        'People are written to about odd sign-ins and ended sessions, where they confirmed an e-mail address',
    }),
  },
  { additionalProperties: false },
);

export type RiskSettings = Static<typeof RiskSettingsBody>;

export const defaultSettings: RiskSettings = {
  tell_from: 25,
  stronger_from: 40,
  end_when_far_apart: true,
  end_when_other_browser: true,
  mail: true,
};

/** Throws `risk_settings_invalid`. */
export function parseSettings(value: unknown): RiskSettings {
  if (Check(RiskSettingsBody, value) && value.tell_from <= value.stronger_from) return value;
  throw new AccessRiskError(
    'risk_settings_invalid',
    'Cannot use these settings of risk: must tell from 10 to 60, ask for more from 20 to 75, and tell no later than it asks',
  );
}

/** What less is noticed or done by. */
function weakenedBy(before: RiskSettings, after: RiskSettings): readonly string[] {
  return [
    ...(after.tell_from > before.tell_from ? ['tell_from'] : []),
    ...(after.stronger_from > before.stronger_from ? ['stronger_from'] : []),
    ...(['end_when_far_apart', 'end_when_other_browser', 'mail'] as const).filter(
      (name) => before[name] && !after[name],
    ),
  ];
}

export function settingsEvent(input: {
  readonly nowMs: number;
  readonly by: Principal;
  readonly before: RiskSettings;
  readonly after: RiskSettings;
}): AuditEvent {
  const { nowMs, by, before, after } = input;
  return auditEvent({
    nowMs,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action: 'settings.change',
    classUid: ocsfClass.entityManagement,
    activityId: 3,
    outcome: 'success',
    target: { type: 'setting', id: 'access-risk' },
    details: { before, after, weakens: [...weakenedBy(before, after)] },
  });
}
