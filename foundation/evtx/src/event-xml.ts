import { isElement } from './event-element.ts';
import type { EventElement } from './event-element.ts';
import type { JsonScalar } from './json.ts';

/** The event as XML text without white space between elements. Always well-formed: what XML cannot hold is U+FFFD, or `_` in names. */
export function eventXml(roots: readonly EventElement[]): string {
  const parts: string[] = [];
  for (const root of roots) write(parts, root);
  return parts.join('');
}

function write(parts: string[], element: EventElement): void {
  if (element.isAbsent === true) return;
  const name = nameOf(element.name);
  parts.push('<', name);
  const seen = new Set<string>();
  for (const [attribute, value] of element.attributes) {
    const written = nameOf(attribute);
    if (value === null || value === '' || seen.has(written)) continue;
    seen.add(written);
    parts.push(' ', written, '="', escapeAttribute(value), '"');
  }
  if (element.content.every((part) => part === null || part === '')) {
    parts.push('/>');
    return;
  }
  parts.push('>');
  for (const part of element.content) {
    if (isElement(part)) write(parts, part);
    else if (part !== null) parts.push(escapeText(part));
  }
  parts.push('</', name, '>');
}

const xmlName = /^[A-Za-z_][\w.:-]*$/;

function nameOf(name: string): string {
  if (xmlName.test(name)) return name;
  const kept = name.replaceAll(/[^\w.:-]/g, '_');
  return xmlName.test(kept) ? kept : `_${kept}`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 allows no other control characters, and no U+FFFE and U+FFFF. */
function withoutForbidden(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}

function escapeText(value: JsonScalar): string {
  return withoutForbidden(String(value)).replaceAll(/[&<>\r]/g, (found) => entities[found] ?? '&#13;');
}

function escapeAttribute(value: JsonScalar): string {
  return withoutForbidden(String(value)).replaceAll(
    /[&<>"\t\n\r]/g,
    (found) => entities[found] ?? `&#${found.charCodeAt(0)};`,
  );
}
