/** As long as the beginning of a document is that says it is a list of records. */
export const maxRecordListHead = 512;

const records = /^\{\s*"[Rr]ecords"\s*:\s*$/;
const eventList =
  /^\{\s*(?:"(?:kind|apiVersion)"\s*:\s*"[\w./]{1,60}"\s*,\s*|"metadata"\s*:\s*\{[^{}[\]]*\}\s*,\s*){1,3}"items"\s*:\s*$/;

/**
 * Whether a text is all that stands before the list in a document that is one: `{"Records":` of CloudTrail and S3, `{"records":` of
 * Azure, and the `EventList` that the API server of Kubernetes posts, whose head says nothing of its events.
 */
export function isRecordListHead(head: string): boolean {
  return records.test(head) || (head.includes('"EventList"') && eventList.test(head));
}
