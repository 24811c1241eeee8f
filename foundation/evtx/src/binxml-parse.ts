import type { Buffer } from 'node:buffer';
import { take, takeText, takeUint16, takeUint32, takeUint8, utf16 } from './binxml-cursor.ts';
import type { Cursor } from './binxml-cursor.ts';
import type { BinXmlElement, BinXmlInstance, BinXmlNode, BinXmlValue } from './binxml-tree.ts';
import { EvtxFault } from './damage.ts';
import { limits } from './limits.ts';
import type { Budget } from './limits.ts';

/** What the records of one chunk share: names and templates are written once and referred to by their offset. */
export type ChunkContext = {
  readonly bytes: Buffer;
  readonly budget: Budget;
  readonly names: Map<number, string>;
  /** A template that failed fails again without being read again. */
  readonly templates: Map<number, readonly BinXmlNode[] | EvtxFault>;
  /** The templates being read, by offset. */
  readonly open: Set<number>;
};

/** Tokens; most may have 0x40 added, for "more follows". */
const token = {
  endOfStream: 0x00,
  openStartElement: 0x01,
  closeStartElement: 0x02,
  closeEmptyElement: 0x03,
  endElement: 0x04,
  value: 0x05,
  attribute: 0x06,
  cdata: 0x07,
  characterReference: 0x08,
  entityReference: 0x09,
  instructionTarget: 0x0a,
  instructionData: 0x0b,
  templateInstance: 0x0c,
  normalSubstitution: 0x0d,
  optionalSubstitution: 0x0e,
  fragmentHeader: 0x0f,
} as const;

const moreFollows = 0x40;
const stringType = 0x01;
const entityTexts: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Where tokens are read from: elements in a template carry the number of the value they depend on, others do not. */
type Reader = { readonly context: ChunkContext; readonly cursor: Cursor; readonly isTemplate: boolean };

/** Reads a document, a fragment or a bare element up to its end token or the end of the cursor. Throws `EvtxFault`. */
export function parseBinXml(reader: Reader, depth: number): BinXmlNode[] {
  const { cursor } = reader;
  const nodes: BinXmlNode[] = [];
  while (cursor.position < cursor.end) {
    const position = cursor.position;
    const found = takeUint8(cursor);
    switch (found & ~moreFollows) {
      case token.endOfStream:
        return nodes;
      case token.fragmentHeader:
        take(cursor, 3);
        break;
      case token.openStartElement:
        nodes.push(parseElement(reader, found, depth));
        break;
      case token.templateInstance:
        nodes.push(parseInstance(reader, depth));
        break;
      case token.instructionTarget:
        takeName(reader);
        break;
      case token.instructionData:
        takeText(cursor);
        break;
      default:
        throw unexpected(found, position, 'a fragment');
    }
  }
  return nodes;
}

function unexpected(found: number, position: number, place: string): EvtxFault {
  return new EvtxFault(
    'binxml_token',
    position,
    `Token 0x${found.toString(16)} stands in ${place}, where it has no place`,
  );
}

function parseElement(reader: Reader, opening: number, depth: number): BinXmlElement {
  const { cursor } = reader;
  if (depth >= limits.depth)
    throw new EvtxFault('binxml_depth', cursor.position, `Elements lie deeper than ${limits.depth}`);
  const dependency = takeElementHead(reader);
  const name = takeName(reader);
  const attributes: { name: string; content: BinXmlNode[] }[] = [];
  const places: number[] = [];
  if ((opening & moreFollows) !== 0) {
    const listEnd = takeUint32(cursor) + cursor.position;
    while (((cursor.bytes[cursor.position] ?? 0) & ~moreFollows) === token.attribute) {
      take(cursor, 1);
      const attribute = takeName(reader);
      attributes.push({ name: attribute, content: parseAttributeValue(reader, places) });
    }
    if (cursor.position < listEnd && listEnd < cursor.end) cursor.position = listEnd;
  }
  const position = cursor.position;
  const closing = takeUint8(cursor);
  if (closing === token.closeEmptyElement)
    return { kind: 'element', name, dependency, attributes, content: [], places };
  if (closing !== token.closeStartElement) throw unexpected(closing, position, 'a start tag');
  const content = parseContent(reader, places, depth);
  return { kind: 'element', name, dependency, attributes, content, places };
}

/** The dependency, when it is there, and the size of the element, which says nothing its end token does not say. */
function takeElementHead(reader: Reader): number | undefined {
  if (!hasDependency(reader)) {
    take(reader.cursor, 4);
    return undefined;
  }
  const dependency = takeUint16(reader.cursor);
  take(reader.cursor, 4);
  return dependency === 0xffff ? undefined : dependency;
}

/** Writers differ for elements outside templates: the layout whose size and name offset lie within bounds is the one. */
function hasDependency({ cursor, isTemplate }: Reader): boolean {
  const { bytes, position, end } = cursor;
  const isPlausible = (start: number): boolean =>
    start + 8 <= end && bytes.readUInt32LE(start) <= end - start - 4 && bytes.readUInt32LE(start + 4) < bytes.length;
  return isTemplate ? isPlausible(position + 2) || !isPlausible(position) : !isPlausible(position);
}

function parseAttributeValue(reader: Reader, places: number[]): BinXmlNode[] {
  const content: BinXmlNode[] = [];
  for (;;) {
    const next = reader.cursor.bytes[reader.cursor.position] ?? 0;
    const isEnd =
      reader.cursor.position >= reader.cursor.end ||
      (next & ~moreFollows) === token.attribute ||
      next === token.closeStartElement ||
      next === token.closeEmptyElement;
    if (isEnd) return content;
    take(reader.cursor, 1);
    const node = parseCharacters(reader, next, places);
    if (node === undefined) throw unexpected(next, reader.cursor.position - 1, 'an attribute');
    content.push(node);
  }
}

function parseContent(reader: Reader, places: number[], depth: number): BinXmlNode[] {
  const { cursor } = reader;
  const content: BinXmlNode[] = [];
  for (;;) {
    const position = cursor.position;
    const found = takeUint8(cursor);
    const characters = parseCharacters(reader, found, places);
    if (characters !== undefined) {
      content.push(characters);
      continue;
    }
    switch (found & ~moreFollows) {
      case token.endElement:
        return content;
      case token.openStartElement:
        content.push(parseElement(reader, found, depth + 1));
        break;
      case token.templateInstance:
        content.push(parseInstance(reader, depth + 1));
        break;
      case token.fragmentHeader:
        take(cursor, 3);
        break;
      case token.instructionTarget:
        takeName(reader);
        break;
      case token.instructionData:
        takeText(cursor);
        break;
      default:
        throw unexpected(found, position, 'an element');
    }
  }
}

/** What may stand in attributes and elements alike, or undefined for another token. */
function parseCharacters(reader: Reader, found: number, places: number[]): BinXmlNode | undefined {
  const { cursor } = reader;
  switch (found & ~moreFollows) {
    case token.value: {
      const type = takeUint8(cursor);
      if (type !== stringType) throw unexpected(type, cursor.position - 1, 'a text as its type');
      return { kind: 'text', text: takeText(cursor) };
    }
    case token.cdata:
      return { kind: 'text', text: takeText(cursor) };
    case token.characterReference:
      return { kind: 'text', text: String.fromCharCode(takeUint16(cursor)).toWellFormed() };
    case token.entityReference: {
      const name = takeName(reader);
      return { kind: 'text', text: entityTexts[name] ?? `&${name};` };
    }
    case token.normalSubstitution:
    case token.optionalSubstitution: {
      const index = takeUint16(cursor);
      take(cursor, 1);
      places.push(index);
      return { kind: 'substitution', index };
    }
    default:
      return undefined;
  }
}

/** A name's offset, and the name itself where this is the first place of the chunk that uses it. */
function takeName({ context, cursor }: Reader): string {
  const offset = takeUint32(cursor);
  const known = context.names.get(offset);
  if (offset !== cursor.position && known !== undefined) return known;
  const name = known ?? readName(context, offset);
  if (offset === cursor.position) take(cursor, 10 + context.bytes.readUInt16LE(offset + 6) * 2);
  return name;
}

/** Four bytes that link names, a hash, the number of characters, the characters and a zero. */
function readName(context: ChunkContext, offset: number): string {
  const { bytes } = context;
  if (offset + 8 > bytes.length)
    throw new EvtxFault('binxml_name', offset, `A name is said to lie at ${offset}, outside the chunk`);
  const characters = bytes.readUInt16LE(offset + 6);
  const start = offset + 8;
  const end = start + characters * 2;
  if (characters === 0 || characters > limits.nameCharacters || end > bytes.length)
    throw new EvtxFault(
      'binxml_name',
      offset,
      `A name has ${characters} characters, must be 1 to ${limits.nameCharacters}`,
    );
  context.budget.spend(characters, offset);
  const name = utf16(bytes, start, end);
  context.names.set(offset, name);
  return name;
}

function parseInstance(reader: Reader, depth: number): BinXmlInstance {
  const { context, cursor } = reader;
  take(cursor, 5);
  const offset = takeUint32(cursor);
  if (offset === cursor.position) {
    take(cursor, 20);
    const size = takeUint32(cursor);
    take(cursor, size);
  }
  const template = templateAt(context, offset, depth + 1);
  const count = takeUint32(cursor);
  const values: BinXmlValue[] = [];
  let valueOffset = cursor.position + count * 4;
  for (let index = 0; index < count; index += 1) {
    const size = takeUint16(cursor);
    const type = takeUint8(cursor);
    take(cursor, 1);
    values.push({ type, offset: valueOffset, size });
    valueOffset += size;
  }
  take(cursor, valueOffset - cursor.position);
  return { kind: 'instance', template, values };
}

/** The template whose definition begins at `offset`: a link, a GUID, the size of what follows. */
function templateAt(context: ChunkContext, offset: number, depth: number): readonly BinXmlNode[] {
  const known = context.templates.get(offset);
  if (known instanceof EvtxFault) throw known;
  if (known !== undefined) return known;
  if (context.open.has(offset))
    throw new EvtxFault('template_cycle', offset, `The template at ${offset} contains itself`);
  context.open.add(offset);
  try {
    const template = readTemplate(context, offset, depth);
    context.templates.set(offset, template);
    return template;
  } catch (error) {
    if (error instanceof EvtxFault) context.templates.set(offset, error);
    throw error;
  } finally {
    context.open.delete(offset);
  }
}

function readTemplate(context: ChunkContext, offset: number, depth: number): BinXmlNode[] {
  const { bytes } = context;
  if (depth > limits.depth) throw new EvtxFault('binxml_depth', offset, `Templates lie deeper than ${limits.depth}`);
  const start = offset + 24;
  const size = start <= bytes.length ? bytes.readUInt32LE(offset + 20) : 0;
  if (size === 0 || start + size > bytes.length)
    throw new EvtxFault(
      'template_offset',
      offset,
      `A template is said to lie at ${offset} with ${size} bytes, outside the chunk`,
    );
  context.budget.spendTemplate(size, offset);
  return parseBinXml({ context, cursor: { bytes, position: start, end: start + size }, isTemplate: true }, depth);
}
