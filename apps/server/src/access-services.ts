import { createLocalTime, heldRights, recordQuestion } from '@sallyport/access-policy';
import type { AccessPolicy, PrincipalRisk, ResourceFacts } from '@sallyport/access-policy';
import { CameraWatchError } from '@sallyport/camera-watch';
import type { CameraWatch } from '@sallyport/camera-watch';
import { DeviceFleetError } from '@sallyport/device-fleet';
import type { Devices } from '@sallyport/device-fleet';
import type { Clock } from '@sallyport/platform/clock';
import type { Principal, ResourceName } from '@sallyport/platform/http';
import type { DecisionContext, EdgeNeeds } from './edge/index.ts';

type AccessServiceNeeds = {
  readonly policy: Pick<AccessPolicy, 'decide' | 'reach' | 'version' | 'permissionsOf' | 'asksForMoment'>;
  readonly riskOf: (principal: Principal) => PrincipalRisk | undefined;
  readonly cameras: Pick<CameraWatch, 'list' | 'find' | 'findFormer'>;
  readonly devices: Pick<Devices, 'find'>;
  readonly clock: Clock;
  /** The organisation's, as IANA names it. */
  readonly timeZone: string;
};

/** What the edge asks about who may do what: the policies, the facts they speak of, and where cameras and devices stand. */
export function createAccessServices(
  needs: AccessServiceNeeds,
): Required<Pick<EdgeNeeds, 'decide' | 'reach' | 'heldAt' | 'resources'>> {
  const { policy, cameras, devices, clock } = needs;
  const timeIn = createLocalTime(needs.timeZone);
  /** Read when first asked for, then the same: one question is asked, and recorded, at one moment. */
  const oneMoment = (): (() => ReturnType<typeof timeIn>) => {
    let read: { readonly time: ReturnType<typeof timeIn> } | undefined;
    return () => (read ??= { time: timeIn(clock.nowMs()) }).time;
  };

  const questionOf = (principal: Principal, action: string, context: DecisionContext) => ({
    principal,
    action,
    context: { ...context, localTime: oneMoment() },
    risk: needs.riskOf(principal),
    factsOf,
  });

  /** A camera of the network was put there by somebody: it is approved as long as it is known. */
  function factsOf({ kind, id }: ResourceName): ResourceFacts | undefined {
    const device = devices.find(id);
    const camera = kind === 'camera' ? cameras.list().find((one) => one.id === id) : undefined;
    const heardMs = Math.max(camera?.last_frame_ms ?? 0, device?.last_seen_ms ?? 0);
    return {
      kind: camera?.kind ?? device?.kind,
      approved: device === undefined ? camera !== undefined : device.state === 'approved',
      // Later than now since the clock was set back: nobody can tell how long ago it was.
      quietSeconds: heardMs <= clock.nowMs() ? (clock.nowMs() - heardMs) / 1000 : Number.MAX_SAFE_INTEGER,
    };
  }

  return {
    async decide(principal, action, context, resource) {
      const question = { ...questionOf(principal, action, context), resource };
      return { ...policy.decide(question), version: policy.version, asked: recordQuestion(question) };
    },
    reach: (principal, action, context) => policy.reach(questionOf(principal, action, context)),
    heldAt(principal, context) {
      // What they may at some moment is what they may at each, where no policy asks.
      if (!policy.asksForMoment) return principal;
      const at = { context: { ...context, localTime: oneMoment() }, risk: needs.riskOf(principal) };
      const { siteScopes } = principal;
      return {
        ...principal,
        scopes: heldRights(policy, principal, at),
        ...(siteScopes === undefined
          ? {}
          : {
              siteScopes: siteScopes.map(({ site }) => ({
                site,
                scopes: heldRights(policy, principal, { ...at, site }),
              })),
            }),
      };
    },
    resources: {
      find({ kind, id }) {
        const camera = kind === 'camera' ? (cameras.find(id) ?? cameras.findFormer(id)) : undefined;
        const found = camera ?? devices.find(id);
        return found === undefined ? undefined : { site: found.site };
      },
      absent: ({ kind, id }) =>
        kind === 'camera'
          ? new CameraWatchError('camera_unknown', `Cannot find camera "${id}"`)
          : new DeviceFleetError('device_unknown', `Cannot find device "${id}"`),
    },
  };
}
