/** Just enough XML for what S3 says and is told. */
export type XmlContent = string | readonly XmlNode[];
export type XmlNode = readonly [name: string, content: XmlContent | number | boolean | undefined];

export function xmlDocument([name, content]: XmlNode): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner(content)}</${name}>`;
}

/** The text of the first element of a name; undefined when there is none. */
export function xmlText(document: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(document)?.[1];
  return found
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#34;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** What stands inside each element of a name, in order. */
export function xmlAll(document: string, name: string): readonly string[] {
  return [...document.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, content = '']) => content);
}

function inner(content: XmlNode[1]): string {
  if (content === undefined) return '';
  if (typeof content !== 'object') return escape(String(content));
  return content
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${inner(value)}</${name}>`)
    .join('');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
