/**
 * What can be told of where an event comes from. A dimension that is undefined is unknown; a list holds every value that
 * applies (Sysmon event 12 is `registry_event`, `registry_add` and `registry_delete`), and an empty list says that none does.
 */
export type EventLogSource = {
  readonly product?: string;
  readonly category?: readonly string[];
  readonly service?: readonly string[];
  /** The event is of a Windows channel that no listed service has: of a service, it can only be one we do not know. */
  readonly unlistedChannel?: true;
};
