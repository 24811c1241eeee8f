import { createHmac } from 'node:crypto';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Finding } from '@sallyport/contracts';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { SealingKey } from '@sallyport/platform/sealed-text';

/** Who and where an alert is about; content of events, sealed at rest. */
export type AlertEntities = {
  readonly host?: string;
  readonly user?: string;
  /** Network address it came from. */
  readonly source?: string;
  readonly process?: string;
  /** Of a cloud: who acted, in which account and region. */
  readonly identity?: string;
  readonly account?: string;
  readonly region?: string;
  readonly site?: string;
  /** The AI agent that acted, and its session. */
  readonly agent?: string;
  readonly agent_session?: string;
  /** The camera that saw it, and SHA-256 of its pictures: of what happened, and of the last moment before. */
  readonly camera?: string;
  readonly picture?: string;
  readonly picture_before?: string;
  /** As these, of the newest finding, once there are several. */
  readonly last_picture?: string;
  readonly last_picture_before?: string;
};

const entityNames = [
  'host',
  'user',
  'source',
  'process',
  'identity',
  'account',
  'region',
  'site',
  'agent',
  'agent_session',
  'camera',
  'picture',
  'picture_before',
  'last_picture',
  'last_picture_before',
] as const;
/** Those alerts can be found by. */
export const taggedNames = ['host', 'user', 'source', 'process', 'agent'] as const;
export type TaggedName = (typeof taggedNames)[number];

type Sealing = { readonly sealingKey: SealingKey; readonly random: (length: number) => Uint8Array };

export function entitiesOfFinding({ host, user, entities }: Finding): AlertEntities {
  return {
    ...(host === undefined || host === '' ? {} : { host }),
    ...(user === undefined || user === '' ? {} : { user }),
    ...entities,
  };
}

export function sealEntities(needs: Sealing, alertId: string, entities: AlertEntities): string | null {
  if (Object.keys(entities).length === 0) return null;
  return sealText(needs, rowName(alertId), JSON.stringify(entities));
}

/** Nothing when the row was damaged: an alert is shown without them rather than not at all. */
export function openEntities(key: SealingKey, alertId: string, sealed: string | null): AlertEntities {
  if (sealed === null) return {};
  const found: { -readonly [Name in keyof AlertEntities]: AlertEntities[Name] } = {};
  try {
    const value = parseJson(openText(key, rowName(alertId), sealed));
    if (!isJsonObject(value)) return {};
    for (const name of entityNames) {
      const text = value[name];
      if (typeof text === 'string') found[name] = text;
    }
  } catch {
    return {};
  }
  return found;
}

/** A keyed hash to find alerts by, the same for the same text in any case; 128 bits. */
export function entityTag(key: SealingKey, name: TaggedName, value: string): string {
  return tag(key, ['entity', name, value.toLowerCase()]);
}

/**
 * What findings must share to be one alert: the rule, and the host with its user, the camera (names may be given twice), or in a cloud who acted where, or the source
 * address; of a correlation what it groups by, as it is about that and not about the one event that made it come true: who
 * tries many names from one address is one alert. What an AI agent did is about that agent too: another one of the same person on the same
 * host is another alert. Null when nothing is known about who or where: such findings are each
 * their own alert.
 */
export function groupTag(key: SealingKey, finding: Finding): string | null {
  const { rule, related, matched } = finding;
  if (related !== undefined && matched.length > 0) {
    const parts = matched.flatMap(({ field, value }) => [field, value.toLowerCase()]);
    return tag(key, ['group-by', rule.id, ...parts]);
  }
  const { host, user, source, identity, account, region, camera, agent } = entitiesOfFinding(finding);
  const known =
    camera !== undefined
      ? ['camera', camera]
      : host !== undefined
        ? ['host', host, user]
        : identity !== undefined
          ? ['cloud', identity, account, region]
          : source !== undefined || user !== undefined
            ? ['source', source, user]
            : undefined;
  if (known === undefined) return null;
  // Without an agent as ever, so that alerts that are open go on.
  const parts = agent === undefined ? known : [...known, 'agent', agent];
  return tag(key, ['group', rule.id, ...parts.map((part) => part?.toLowerCase() ?? '')]);
}

function tag(key: SealingKey, parts: readonly string[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['alert-tag', ...parts]))
    .digest('hex')
    .slice(0, 32);
}

function rowName(alertId: string): string {
  return `alert/${alertId}`;
}
