/** Something the model saw in a picture. The box is left, top, width, height, each as a part of the picture (0…1). */
export type SeenObject = {
  readonly label: string;
  readonly score: number;
  readonly box: readonly [number, number, number, number];
  readonly track: number | string | undefined;
};

/** One picture of one camera as the live socket sends it. Times are the server's clock. */
export type LiveFrame = {
  readonly camera: string;
  readonly sequence: number;
  readonly capturedMs: number;
  /** Nobody told when it was taken: `capturedMs` is when it came to the server. */
  readonly isCaptureUnknown?: true;
  readonly sentMs: number;
  readonly objects: readonly SeenObject[];
  /** The picture the objects were made out in: this one, or one before it. */
  readonly objectsSequence: number | undefined;
  readonly tampered: string | undefined;
  readonly jpeg: Uint8Array<ArrayBuffer>;
};

const lengthBytes = 4;
const headerLimitBytes = 65_536;
const text = new TextDecoder('utf-8', { fatal: true });

/** Reads u32 (big endian) header length, header as JSON, JPEG. Undefined for anything else; never throws. */
export function readLiveFrame(message: ArrayBuffer): LiveFrame | undefined {
  if (message.byteLength < lengthBytes) return undefined;
  const headerBytes = new DataView(message).getUint32(0);
  const start = lengthBytes + headerBytes;
  if (headerBytes > headerLimitBytes || start >= message.byteLength) return undefined;
  const header = readHeader(new Uint8Array(message, lengthBytes, headerBytes));
  const camera = header.get('camera');
  const sequence = header.get('sequence');
  const capturedMs = header.get('captured_ms');
  const sentMs = header.get('sent_ms');
  const objects = header.get('objects');
  const objectsSequence = header.get('objects_sequence');
  const tampered = header.get('tampered');
  if (typeof camera !== 'string' || typeof sequence !== 'number') return undefined;
  if (!isTime(capturedMs) || !isTime(sentMs)) return undefined;
  return {
    camera,
    sequence,
    capturedMs,
    ...(header.get('at_arrival') === true ? { isCaptureUnknown: true as const } : {}),
    sentMs,
    objects: Array.isArray(objects) ? objects.flatMap(readObject) : [],
    objectsSequence: typeof objectsSequence === 'number' ? objectsSequence : undefined,
    tampered: typeof tampered === 'string' ? tampered : undefined,
    jpeg: new Uint8Array(message, start),
  };
}

function readHeader(bytes: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    return fieldsOf(JSON.parse(text.decode(bytes)));
  } catch {
    return new Map();
  }
}

function readObject(value: unknown): SeenObject[] {
  const fields = fieldsOf(value);
  const label = fields.get('label');
  const score = fields.get('score');
  const box: unknown = fields.get('box');
  const track = fields.get('track');
  if (typeof label !== 'string' || typeof score !== 'number' || !Array.isArray(box)) return [];
  const [left, top, width, height] = box.map(Number);
  if (left === undefined || top === undefined || width === undefined || height === undefined) return [];
  if (![left, top, width, height].every(Number.isFinite)) return [];
  return [
    {
      label,
      score,
      box: [left, top, width, height],
      track: typeof track === 'number' || typeof track === 'string' ? track : undefined,
    },
  ];
}

export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
