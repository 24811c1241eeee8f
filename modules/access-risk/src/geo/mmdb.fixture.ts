import { addressBytes } from './address.ts';

type Value = string | number | { readonly [name: string]: Value };
type Node = { children: [Node | number | undefined, Node | number | undefined] };

/** A database in MaxMind's format, of IPv4 networks; a record is a value, or bytes as they are. */
export function writeMmdb(type: string, networks: readonly (readonly [string, Value | Buffer])[]): Buffer {
  const root: Node = { children: [undefined, undefined] };
  const records: Buffer[] = [];
  let length = 0;
  for (const [network, value] of networks) {
    const [address = '', bits = '32'] = network.split('/');
    const record = Buffer.isBuffer(value) ? value : encode(value);
    place(root, addressBytes(address) ?? new Uint8Array(4), Number(bits), length);
    records.push(record);
    length += record.length;
  }
  const nodes: Node[] = [];
  const number = (node: Node): void => {
    nodes.push(node);
    for (const child of node.children) if (typeof child === 'object') number(child);
  };
  number(root);
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [at, { children }] of nodes.entries())
    for (const [side, child] of children.entries()) {
      const record =
        child === undefined
          ? nodes.length
          : typeof child === 'number'
            ? nodes.length + 16 + child
            : nodes.indexOf(child);
      tree.writeUIntBE(record, at * 6 + side * 3, 3);
    }
  const metadata = encode({
    node_count: nodes.length,
    record_size: 24,
    ip_version: 4,
    database_type: type,
    binary_format_major_version: 2,
    build_epoch: 1_767_000_000,
  });
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...records,
    Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'),
    metadata,
  ]);
}

function place(root: Node, address: Uint8Array, bits: number, record: number): void {
  let node = root;
  for (let bit = 0; bit < bits; bit += 1) {
    const side = ((address[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1 ? 1 : 0;
    if (bit === bits - 1) {
      node.children[side] = record;
      return;
    }
    const next = node.children[side];
    const made: Node = typeof next === 'object' ? next : { children: [undefined, undefined] };
    node.children[side] = made;
    node = made;
  }
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([Buffer.from(text.length < 29 ? [0x40 | text.length] : [0x5d, text.length - 29]), text]);
  }
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= 0) {
      const bytes = Buffer.alloc(5, 0xc4);
      bytes.writeUInt32BE(value, 1);
      return bytes;
    }
    const bytes = Buffer.alloc(9, 0x68);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const entries = Object.entries(value);
  return Buffer.concat([
    Buffer.from([0xe0 | entries.length]),
    ...entries.flatMap(([name, one]) => [encode(name), encode(one)]),
  ]);
}
