import { ocsfClass } from '@sallyport/contracts';

/** A field of the event that has a column of its own; the engine computes it from the body. */
export type PromotedField = {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'time';
  readonly columnType: string;
  /** Dotted OCSF paths; the first that is not empty counts. */
  readonly paths: readonly string[];
  /** In events of a class where other paths say it better: those come first there. Text alone. */
  readonly inClass?: { readonly classUid: number; readonly paths: readonly string[] };
  /** Of events of our own, which come first there: what came from outside cannot say it. Text alone. */
  readonly ownPaths?: readonly string[];
  /** Events of other classes have no value. */
  readonly onlyInClass?: number;
  readonly meaning: string;
};

const name = 'LowCardinality(String)';
const text = 'String CODEC(ZSTD(1))';

/** What an analyst filters by. Any other OCSF path, and any original field under `raw.`, is read from the body at search time. */
export const promotedFields: readonly PromotedField[] = [
  { name: 'category_uid', kind: 'number', columnType: 'UInt32', paths: ['category_uid'], meaning: 'OCSF category' },
  {
    name: 'type_uid',
    kind: 'number',
    columnType: 'UInt64',
    paths: ['type_uid'],
    meaning: 'OCSF class and activity in one number',
  },
  { name: 'activity_id', kind: 'number', columnType: 'UInt32', paths: ['activity_id'], meaning: 'OCSF activity' },
  {
    name: 'severity_id',
    kind: 'number',
    columnType: 'UInt32',
    paths: ['severity_id'],
    meaning: '1 informational to 6 fatal',
  },
  { name: 'status_id', kind: 'number', columnType: 'UInt32', paths: ['status_id'], meaning: '1 success, 2 failure' },
  {
    name: 'time',
    kind: 'time',
    columnType: "DateTime64(3, 'UTC')",
    paths: ['time'],
    meaning: 'time claimed by the source',
  },
  {
    name: 'host',
    kind: 'text',
    columnType: name,
    paths: ['device.hostname', 'device.name', 'device.ip'],
    meaning: 'where it happened',
  },
  {
    name: 'user',
    kind: 'text',
    columnType: name,
    paths: ['actor.user.name', 'user.name', 'actor.user.uid', 'user.uid'],
    // The system that checks a password is the actor there; who signs in is the user.
    inClass: { classUid: ocsfClass.authentication, paths: ['user.name', 'user.uid'] },
    meaning: 'who did it, else whom it concerns; of a sign-in: whose',
  },
  {
    name: 'target_user',
    kind: 'text',
    columnType: name,
    ownPaths: ['unmapped.sallyport.target.name'],
    paths: ['user.name'],
    onlyInClass: ocsfClass.accountChange,
    meaning: 'whose account was changed',
  },
  {
    name: 'site',
    kind: 'text',
    columnType: name,
    ownPaths: ['unmapped.sallyport.site'],
    paths: ['metadata.reporter.site'],
    meaning: 'where its camera or source is',
  },
  {
    name: 'camera',
    kind: 'text',
    columnType: name,
    ownPaths: ['unmapped.sallyport.camera.id'],
    paths: [],
    meaning: 'id of the camera that saw it',
  },
  {
    name: 'agent',
    kind: 'text',
    columnType: name,
    ownPaths: ['unmapped.sallyport.agent.id'],
    paths: [],
    meaning: 'id of the agent that did it',
  },
  {
    name: 'service',
    kind: 'text',
    columnType: name,
    paths: ['src_endpoint.svc_name'],
    meaning: 'service that asked in the name of somebody',
  },
  {
    name: 'process',
    kind: 'text',
    columnType: text,
    paths: ['process.file.path', 'process.name', 'actor.process.file.path', 'actor.process.name'],
    meaning: 'program the event is about, else the acting one',
  },
  {
    name: 'command_line',
    kind: 'text',
    columnType: text,
    paths: ['process.cmd_line', 'actor.process.cmd_line'],
    meaning: 'its command line',
  },
  {
    name: 'parent_process',
    kind: 'text',
    columnType: text,
    paths: [
      'process.parent_process.file.path',
      'process.parent_process.name',
      'actor.process.file.path',
      'actor.process.name',
    ],
    meaning: 'the program that started it',
  },
  {
    name: 'file',
    kind: 'text',
    columnType: text,
    paths: ['file.path', 'file.name', 'module.file.path'],
    meaning: 'file acted on',
  },
  { name: 'src_ip', kind: 'text', columnType: text, paths: ['src_endpoint.ip'], meaning: 'source address' },
  { name: 'dst_ip', kind: 'text', columnType: text, paths: ['dst_endpoint.ip'], meaning: 'destination address' },
  { name: 'dst_port', kind: 'number', columnType: 'UInt32', paths: ['dst_endpoint.port'], meaning: 'destination port' },
  {
    name: 'domain',
    kind: 'text',
    columnType: text,
    paths: ['query.hostname', 'dst_endpoint.hostname', 'dst_endpoint.domain'],
    meaning: 'name asked for or connected to',
  },
  { name: 'operation', kind: 'text', columnType: name, paths: ['api.operation'], meaning: 'API call' },
  {
    name: 'log_name',
    kind: 'text',
    columnType: name,
    paths: ['metadata.log_name'],
    meaning: 'log or channel at the source',
  },
  {
    name: 'product',
    kind: 'text',
    columnType: name,
    paths: ['metadata.product.name'],
    meaning: 'product that wrote it',
  },
  {
    name: 'event_code',
    kind: 'text',
    columnType: name,
    paths: ['metadata.event_code'],
    meaning: "the source's own number for this kind of event",
  },
  {
    name: 'rule',
    kind: 'text',
    columnType: name,
    paths: ['finding_info.analytic.uid'],
    meaning: 'rule of a detection finding',
  },
  { name: 'message', kind: 'text', columnType: text, paths: ['message'], meaning: 'description by the source' },
];

/** Where the value may stand in an event of this class, of our own or from outside, the likeliest first. */
export function pathsOf(field: PromotedField, classUid: unknown, isOwn: boolean): readonly string[] {
  const { paths, inClass, ownPaths = [], onlyInClass } = field;
  if (onlyInClass !== undefined && onlyInClass !== classUid) return [];
  const anywhere = [...(isOwn ? ownPaths : []), ...paths];
  return inClass?.classUid === classUid ? [...(inClass?.paths ?? []), ...anywhere] : anywhere;
}

/** Columns that come with the row, or are told by all of the body. */
export const rowFields = [
  { name: 'class_uid', kind: 'number', meaning: 'OCSF class' },
  { name: 'received', kind: 'time', meaning: 'ledger time of receipt' },
  { name: 'own_audit', kind: 'number', meaning: '1: an audit record this server wrote about itself' },
] as const;

/** Short names the query language accepts. */
export const fieldAliases: Readonly<Record<string, string>> = {
  class: 'class_uid',
  category: 'category_uid',
  activity: 'activity_id',
  severity: 'severity_id',
  status: 'status_id',
  code: 'event_code',
  src: 'src_ip',
  dst: 'dst_ip',
  port: 'dst_port',
  cmd: 'command_line',
};
