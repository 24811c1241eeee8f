import type { Buffer } from 'node:buffer';
import { parseBinXml } from './binxml-parse.ts';
import type { ChunkContext } from './binxml-parse.ts';
import type { BinXmlElement, BinXmlNode, BinXmlValue } from './binxml-tree.ts';
import { arrayFlag, arrayItems, decodeValue, valueType } from './binxml-value.ts';
import type { GuidStyle } from './binxml-value.ts';
import { EvtxFault } from './damage.ts';
import { isElement, textOf } from './event-element.ts';
import type { EventElement } from './event-element.ts';
import type { JsonScalar } from './json.ts';
import { limits } from './limits.ts';

/** The values in force: those of the innermost template instance, and which item of the element's arrays is its turn. */
type Scope = {
  readonly context: ChunkContext;
  readonly guids: GuidStyle;
  readonly values: readonly BinXmlValue[];
  readonly arrays?: ReadonlyMap<number, readonly Buffer[]>;
  readonly item: number;
};

type Part = EventElement | JsonScalar;

/** Puts the values into their places. Throws `EvtxFault`, also when the event says more than a record may. */
export function renderBinXml(context: ChunkContext, nodes: readonly BinXmlNode[], guids: GuidStyle): EventElement[] {
  const parts: Part[] = [];
  renderNodes({ context, guids, values: [], item: 0 }, nodes, { parts, depth: 0 });
  return parts.filter(isElement);
}

function renderNodes(scope: Scope, nodes: readonly BinXmlNode[], into: { parts: Part[]; depth: number }): void {
  const { budget } = scope.context;
  if (into.depth > limits.depth) throw new EvtxFault('binxml_depth', 0, `Elements lie deeper than ${limits.depth}`);
  for (const node of nodes) {
    switch (node.kind) {
      case 'text':
        budget.spend(1 + node.text.length, 0);
        into.parts.push(node.text);
        break;
      case 'substitution':
        renderPlace(scope, node.index, into);
        break;
      case 'element':
        renderElement(scope, node, into);
        break;
      case 'instance':
        budget.spend(16, 0);
        renderNodes({ ...scope, values: node.values, item: 0 }, node.template, {
          parts: into.parts,
          depth: into.depth + 1,
        });
        break;
    }
  }
}

/** [MS-EVEN6] 3.1.4.7.5: an array repeats the element it lies in, once an item; several arrays go in step. */
function renderElement(scope: Scope, node: BinXmlElement, into: { parts: Part[]; depth: number }): void {
  const arrays = arraysOf(scope, node);
  if (arrays === undefined) {
    into.parts.push(renderOnce(scope.arrays === undefined ? scope : withoutArrays(scope), node, into.depth));
    return;
  }
  const repetitions = Math.max(1, ...[...arrays.values()].map((items) => items.length));
  for (let item = 0; item < repetitions; item += 1)
    into.parts.push(renderOnce({ ...scope, arrays, item }, node, into.depth));
}

function withoutArrays({ context, guids, values }: Scope): Scope {
  return { context, guids, values, item: 0 };
}

function arraysOf(scope: Scope, node: BinXmlElement): Map<number, readonly Buffer[]> | undefined {
  let arrays: Map<number, readonly Buffer[]> | undefined;
  for (const place of node.places) {
    const value = scope.values[place];
    if (value === undefined || value.type < arrayFlag || arrays?.has(place) === true) continue;
    scope.context.budget.spend(1 + value.size, value.offset);
    const items = arrayItems(bytesOf(scope, value), value.type - arrayFlag);
    if (items === undefined) continue;
    arrays ??= new Map();
    arrays.set(place, items);
  }
  return arrays;
}

function renderOnce(scope: Scope, node: BinXmlElement, depth: number): EventElement {
  scope.context.budget.spend(16 + node.name.length, 0);
  const attributes = node.attributes.map(({ name, content }): readonly [string, JsonScalar] => {
    const parts: Part[] = [];
    scope.context.budget.spend(4 + name.length, 0);
    renderNodes(scope, content, { parts, depth: depth + 1 });
    return [name, textOf(parts)];
  });
  const content: Part[] = [];
  renderNodes(scope, node.content, { parts: content, depth: depth + 1 });
  const isAbsent = node.dependency !== undefined && scope.values[node.dependency]?.type === valueType.null;
  return isAbsent ? { name: node.name, attributes, content, isAbsent } : { name: node.name, attributes, content };
}

function renderPlace(scope: Scope, index: number, into: { parts: Part[]; depth: number }): void {
  const value = scope.values[index];
  if (value === undefined || value.type === valueType.null) return;
  const { context, guids } = scope;
  const items = scope.arrays?.get(index);
  const bytes = items === undefined ? bytesOf(scope, value) : items[scope.item];
  context.budget.spend(4 + (bytes?.length ?? 0), value.offset);
  if (bytes === undefined) return;
  if (value.type === valueType.binXml) {
    const cursor = { bytes: context.bytes, position: value.offset, end: value.offset + value.size };
    const nodes = parseBinXml({ context, cursor, isTemplate: false }, into.depth);
    renderNodes({ ...withoutArrays(scope), values: [] }, nodes, { parts: into.parts, depth: into.depth + 1 });
    return;
  }
  into.parts.push(decodeValue(bytes, items === undefined ? value.type : value.type - arrayFlag, guids));
}

function bytesOf({ context }: Scope, value: BinXmlValue): Buffer {
  return context.bytes.subarray(value.offset, value.offset + value.size);
}
