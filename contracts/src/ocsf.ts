/** Any value JSON can hold, as `JSON.parse` gives it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [name: string]: JsonValue };

/** OCSF 1.8 class ids this product writes or treats specially (https://schema.ocsf.io/1.8.0). 0 is the base event: what could not be classified. */
export const ocsfClass = {
  baseEvent: 0,
  fileActivity: 1001,
  kernelExtensionActivity: 1002,
  moduleActivity: 1005,
  scheduledJobActivity: 1006,
  processActivity: 1007,
  detectionFinding: 2004,
  accountChange: 3001,
  authentication: 3002,
  entityManagement: 3004,
  userAccess: 3005,
  networkActivity: 4001,
  dnsActivity: 4003,
  deviceConfigState: 5002,
  deviceConfigStateChange: 5019,
  applicationLifecycle: 6002,
  apiActivity: 6003,
} as const;

/**
 * A normalised event: an OCSF 1.8 object. `metadata.version` is "1.8.0"; `raw_data` holds the original
 * text exactly as received, so that rules see original fields and history can be mapped again.
 */
export type OcsfEvent = JsonObject & {
  readonly class_uid: number;
  readonly category_uid: number;
  readonly type_uid: number;
  readonly activity_id: number;
  readonly severity_id: number;
  /** Milliseconds since 1970, as claimed by the source; untrusted. */
  readonly time: number;
  readonly metadata: JsonObject;
  readonly raw_data?: string;
};
