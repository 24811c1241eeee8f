import { findingLimits, isJsonObject, ocsfClass } from '@sallyport/contracts';
import type { FindingEntities, JsonObject, JsonValue } from '@sallyport/contracts';

/** Who and where an OCSF event says it is about: of each, the first of several fields that has a value. */
export type EventEntities = {
  readonly host?: string;
  readonly user?: string;
  readonly entities?: FindingEntities;
};

type Path = readonly string[];
const pathsOf = (...texts: readonly string[]): readonly Path[] => texts.map((text) => text.split('.'));

const paths = {
  host: pathsOf('device.hostname', 'device.name', 'device.ip'),
  user: pathsOf('actor.user.name', 'user.name', 'actor.user.uid', 'user.uid'),
  source: pathsOf('src_endpoint.ip', 'src_endpoint.hostname', 'src_endpoint.svc_name'),
  process: pathsOf('process.file.path', 'process.name', 'actor.process.file.path', 'actor.process.name'),
  identity: pathsOf('actor.session.issuer', 'actor.user.uid', 'actor.user.credential_uid', 'actor.user.uid_alt'),
  account: pathsOf('actor.user.account.uid', 'cloud.account.uid'),
  region: pathsOf('cloud.region'),
  camera: pathsOf('unmapped.sallyport.camera.id'),
  agent: pathsOf('unmapped.sallyport.agent.id'),
  agentSession: pathsOf('unmapped.sallyport.agent.session'),
  picture: pathsOf('unmapped.sallyport.camera.picture'),
  pictureBefore: pathsOf('unmapped.sallyport.camera.picture_before'),
  ownSite: pathsOf('unmapped.sallyport.site'),
  reporterSite: pathsOf('metadata.reporter.site'),
};

/** Names a picture; whatever else stands there is none. */
const sha256 = /^[0-9a-f]{64}$/;

/** Of a sign-in it is about who was to be signed in: who acted is not known yet, or is the service that asked. */
const signedInPaths = [...pathsOf('user.name', 'user.uid'), ...paths.user];

export function entitiesOf(event: JsonObject): EventEntities {
  const host = first(event, paths.host);
  const user = first(event, event['class_uid'] === ocsfClass.authentication ? signedInPaths : paths.user);
  const source = first(event, paths.source);
  const process = first(event, paths.process);
  // Outside a cloud, who acted is the user already.
  const isCloud = isJsonObject(event['cloud']);
  const identity = isCloud ? first(event, paths.identity) : undefined;
  const account = isCloud ? first(event, paths.account) : undefined;
  const region = isCloud ? first(event, paths.region) : undefined;
  const site = siteOf(event);
  // Only events of our own lack the original.
  const isOwn = event['raw_data'] === undefined;
  const camera = isOwn ? first(event, paths.camera) : undefined;
  const agent = isOwn ? first(event, paths.agent) : undefined;
  const agentSession = isOwn ? first(event, paths.agentSession) : undefined;
  const picture = isOwn ? pictureAt(event, paths.picture) : undefined;
  const before = isOwn ? pictureAt(event, paths.pictureBefore) : undefined;
  const entities = {
    ...(source === undefined ? {} : { source }),
    ...(process === undefined ? {} : { process }),
    ...(identity === undefined ? {} : { identity }),
    ...(account === undefined ? {} : { account }),
    ...(region === undefined ? {} : { region }),
    ...(site === undefined ? {} : { site }),
    ...(agent === undefined ? {} : { agent }),
    ...(agentSession === undefined ? {} : { agent_session: agentSession }),
    ...(camera === undefined ? {} : { camera }),
    ...(picture === undefined ? {} : { picture }),
    ...(before === undefined ? {} : { picture_before: before }),
  };
  return {
    ...(host === undefined ? {} : { host }),
    ...(user === undefined ? {} : { user }),
    ...(Object.keys(entities).length === 0 ? {} : { entities }),
  };
}

/** Where its camera or its source is: our own word, or what intake stamped, which no sender can say. */
function siteOf(event: JsonObject): string | undefined {
  return first(event, event['raw_data'] === undefined ? paths.ownSite : paths.reporterSite);
}

function pictureAt(event: JsonObject, candidates: readonly Path[]): string | undefined {
  const found = first(event, candidates);
  return found !== undefined && sha256.test(found) ? found : undefined;
}

function first(event: JsonObject, candidates: readonly Path[]): string | undefined {
  for (const path of candidates) {
    let value: JsonValue | undefined = event;
    for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    if (typeof value === 'string' && value !== '') return value.slice(0, findingLimits.value);
  }
  return undefined;
}
