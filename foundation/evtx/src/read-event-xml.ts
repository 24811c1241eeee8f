import type { GuidStyle } from './binxml-value.ts';
import { isElement } from './event-element.ts';
import type { EventElement } from './event-element.ts';
import { eventJson } from './event-json.ts';
import type { JsonObject, JsonScalar } from './json.ts';
import { limits } from './limits.ts';
import { scanElement, skipMisc, XmlFault } from './xml-scanner.ts';
import type { EventXmlCode, XmlScanner } from './xml-scanner.ts';

export type EventXmlResult =
  | { readonly kind: 'event'; readonly event: JsonObject }
  /** `offset` counts UTF-16 units. */
  | { readonly kind: 'damaged'; readonly code: EventXmlCode; readonly offset: number; readonly why: string };

export type EventXmlOptions = { readonly guids?: GuidStyle };

/**
 * Reads the XML text of one Windows event, as `wevtutil`, `Get-WinEvent … ToXml()`, subscriptions and Winlogbeat give it, to
 * the JSON `readEvtx` gives: numbers, GUIDs and times of `System` have the same form. The types of `EventData` are not in the
 * text, so its values are texts exactly as they are written. Strict where XML is: no document type, no entities of its own,
 * one root called `Event`. Never throws on content.
 */
export function readEventXml(text: string, options: EventXmlOptions = {}): EventXmlResult {
  const scanner: XmlScanner = { text, position: text.startsWith('\ufeff') ? 1 : 0, elements: 0 };
  try {
    if (text.length > limits.xmlCharacters)
      throw new XmlFault(
        'xml_too_long',
        0,
        `The text has ${text.length} characters, must be at most ${limits.xmlCharacters}`,
      );
    skipMisc(scanner);
    const start = scanner.position;
    const root = scanElement(scanner, 0);
    if (root.name !== 'Event')
      throw new XmlFault('xml_root', start, `The root is "${root.name.slice(0, 64)}", must be "Event"`);
    skipMisc(scanner);
    if (scanner.position < text.length)
      throw new XmlFault('xml_syntax', scanner.position, 'Something follows the event');
    return { kind: 'event', event: eventJson([typedEvent(root, options.guids ?? 'bare')]) };
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    return { kind: 'damaged', code: error.code, offset: error.offset, why: error.message };
  }
}

/** What the schema of events (`win:SystemPropertiesType`) has as numbers; `Name@Attribute` for attributes. */
const numbers: ReadonlySet<string> = new Set([
  'EventID',
  'EventID@Qualifiers',
  'Version',
  'Level',
  'Task',
  'Opcode',
  'EventRecordID',
  'Execution@ProcessID',
  'Execution@ThreadID',
  'Execution@ProcessorID',
  'Execution@SessionID',
  'Execution@KernelTime',
  'Execution@UserTime',
  'Execution@ProcessorTime',
]);

function typedEvent(root: EventElement, guids: GuidStyle): EventElement {
  const content = root.content.map((part) => (isElement(part) ? typed(part, part.name === 'System', guids) : part));
  return { name: root.name, attributes: root.attributes, content };
}

/** Gives the values the form binary logs have them in. */
function typed(element: EventElement, isSystem: boolean, guids: GuidStyle): EventElement {
  const valueOf = (place: string, value: JsonScalar): JsonScalar => {
    if (typeof value !== 'string') return value;
    if (isSystem && numbers.has(place)) return wholeNumber(value);
    if (isSystem && place === 'TimeCreated@SystemTime') return sevenDigits(value);
    return isSystem ? guidText(value, guids) : value;
  };
  return {
    name: element.name,
    attributes: element.attributes.map(([name, value]) => [name, valueOf(`${element.name}@${name}`, value)]),
    content: element.content.map((part) =>
      isElement(part)
        ? typed(part, isSystem, guids)
        : element.content.length === 1
          ? valueOf(element.name, part)
          : part,
    ),
  };
}

function wholeNumber(text: string): JsonScalar {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return number !== undefined && Number.isSafeInteger(number) ? number : text;
}

/** Windows writes seven or nine digits of the second. */
function sevenDigits(text: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  return match === null ? text : `${match[1] ?? ''}.${(match[2] ?? '').padEnd(7, '0').slice(0, 7)}Z`;
}

function guidText(text: string, guids: GuidStyle): string {
  const bare = /^\{?([\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12})\}?$/.exec(text)?.[1]?.toUpperCase();
  if (bare === undefined) return text;
  return guids === 'braced' ? `{${bare}}` : bare;
}
