import { CodedError } from '@sallyport/platform/errors';
import {
  attribute,
  CKF_OS_LOCKING_OK,
  CKF_RW_SESSION,
  CKF_SERIAL_SESSION,
  CKM_AES_GCM,
  CKM_AES_KEY_GEN,
  CKU_USER,
  returnValueName,
} from './cryptoki-names.ts';
import type { AttributeName, FunctionName } from './cryptoki-names.ts';

/** Calls one function of a loaded library: pointers are buffers that live as long as the call, or null. Answers its CK_RV. */
export type CryptokiCall = (name: FunctionName, ...parameters: readonly (Buffer | bigint | null)[]) => number;

/** A loaded library: how to call it, and where a buffer stands in memory. */
export type CryptokiLibrary = {
  readonly call: CryptokiCall;
  readonly address: (buffer: Buffer) => bigint;
  /** Unloads the library when it is collected: whoever may still call has to hold it. */
  readonly loaded: unknown;
};

/** The library said no; `code` is the name of its return value. */
export class CryptokiError extends CodedError {}

export type TokenInfo = {
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly flags: number;
};

export type AttributeValue = Buffer | boolean | number;
export type Template = Partial<Record<AttributeName, AttributeValue>>;

type GcmParameters = { readonly nonce: Buffer; readonly additional: Buffer };
const tagBits = 128n;
const done = 'CKR_OK';
const gcmNonceAt = 24 + 48;
const unavailableInformation = 0xffff_ffff_ffff_ffffn;
const maxObjects = 10_000;

/** The part of PKCS #11 that keeps AES keys, over a library in this process. Every call throws `CryptokiError`. */
export type Cryptoki = ReturnType<typeof createCryptoki>;

export function createCryptoki(library: CryptokiLibrary) {
  const { call, address } = library;
  const run = (name: FunctionName, ...parameters: readonly (Buffer | bigint | null)[]): void => {
    const value = call(name, ...parameters);
    if (value === 0) return;
    const code = returnValueName(value);
    throw new CryptokiError(code, `${name} answered ${code}`, { details: { call: name } });
  };

  /** CK_ATTRIBUTE[] and, behind it in the same memory, the values it points to. */
  const packTemplate = (template: Template): { packed: Buffer; count: bigint } => {
    const entries = attributeEntries(template);
    const head = entries.length * 24;
    const packed = Buffer.alloc(entries.reduce((sum, { value }) => sum + value.length, head));
    let at = head;
    for (const [index, { type, value }] of entries.entries()) {
      packed.writeBigUInt64LE(BigInt(type), index * 24);
      packed.writeBigUInt64LE(address(packed) + BigInt(at), index * 24 + 8);
      packed.writeBigUInt64LE(BigInt(value.length), index * 24 + 16);
      value.copy(packed, at);
      at += value.length;
    }
    return { packed, count: BigInt(entries.length) };
  };

  /** CK_MECHANISM, CK_GCM_PARAMS of version 2.40 (6.13.3), nonce and additional data, in one piece of memory. */
  const packGcm = ({ nonce, additional }: GcmParameters): Buffer => {
    const packed = Buffer.concat([Buffer.alloc(gcmNonceAt), nonce, additional]);
    const start = address(packed);
    mechanismOf(CKM_AES_GCM, start + 24n, 48).copy(packed);
    packed.writeBigUInt64LE(start + BigInt(gcmNonceAt), 24);
    packed.writeBigUInt64LE(BigInt(nonce.length), 32);
    packed.writeBigUInt64LE(BigInt(nonce.length * 8), 40);
    packed.writeBigUInt64LE(start + BigInt(gcmNonceAt + nonce.length), 48);
    packed.writeBigUInt64LE(BigInt(additional.length), 56);
    packed.writeBigUInt64LE(tagBits, 64);
    return packed;
  };

  const findObjects = (session: bigint, template: Template): bigint[] => {
    const { packed, count } = packTemplate(template);
    run('C_FindObjectsInit', session, packed, count);
    const found: bigint[] = [];
    try {
      const handles = Buffer.alloc(8 * 64);
      const read = Buffer.alloc(8);
      for (;;) {
        run('C_FindObjects', session, handles, 64n, read);
        const readCount = Number(read.readBigUInt64LE());
        for (let at = 0; at < readCount; at += 1) found.push(handles.readBigUInt64LE(at * 8));
        if (readCount === 0 || found.length > maxObjects) return found;
      }
    } finally {
      call('C_FindObjectsFinal', session);
    }
  };

  return {
    library,
    /** False when something else in this process did it before. */
    initialize(): boolean {
      const given = Buffer.alloc(48);
      given.writeBigUInt64LE(BigInt(CKF_OS_LOCKING_OK), 32);
      const answer = returnValueName(call('C_Initialize', given));
      if (answer !== done && answer !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED') {
        throw new CryptokiError(answer, `C_Initialize answered ${answer}`);
      }
      return answer === done;
    },
    finalize(): void {
      call('C_Finalize', null);
    },
    /** Slots with a token in them. */
    slots(): bigint[] {
      const count = Buffer.alloc(8);
      const slots = Buffer.alloc(8 * 256);
      count.writeBigUInt64LE(256n);
      run('C_GetSlotList', 1n, slots, count);
      return Array.from({ length: Number(count.readBigUInt64LE()) }, (_, at) => slots.readBigUInt64LE(at * 8));
    },
    tokenInfo(slot: bigint): TokenInfo {
      const info = Buffer.alloc(256);
      run('C_GetTokenInfo', slot, info);
      const text = (from: number, to: number): string => info.toString('utf8', from, to).replace(/[\0 ]+$/, '');
      return {
        label: text(0, 32),
        manufacturer: text(32, 64),
        model: text(64, 80),
        serial: text(80, 96),
        flags: Number(info.readBigUInt64LE(96)),
      };
    },
    /** Flags of a mechanism, 0 when the token does not have it. */
    mechanismFlags(slot: bigint, mechanism: number): number {
      const info = Buffer.alloc(24);
      return call('C_GetMechanismInfo', slot, BigInt(mechanism), info) === 0 ? Number(info.readBigUInt64LE(16)) : 0;
    },
    openSession(slot: bigint): bigint {
      const handle = Buffer.alloc(8);
      run('C_OpenSession', slot, BigInt(CKF_RW_SESSION | CKF_SERIAL_SESSION), null, null, handle);
      return handle.readBigUInt64LE();
    },
    closeSession(session: bigint): void {
      call('C_CloseSession', session);
    },
    login(session: bigint, pin: string): void {
      const bytes = Buffer.from(pin);
      try {
        run('C_Login', session, BigInt(CKU_USER), bytes, BigInt(bytes.length));
      } finally {
        bytes.fill(0);
      }
    },
    findObjects,
    generateAesKey(session: bigint, template: Template): bigint {
      const handle = Buffer.alloc(8);
      const mechanism = mechanismOf(CKM_AES_KEY_GEN, 0n, 0);
      const { packed, count } = packTemplate(template);
      run('C_GenerateKey', session, mechanism, packed, count, handle);
      return handle.readBigUInt64LE();
    },
    destroyObject(session: bigint, object: bigint): void {
      run('C_DestroyObject', session, object);
    },
    /** The value, or undefined when the token does not know the attribute or will not tell. */
    readAttribute(session: bigint, object: bigint, name: AttributeName): Buffer | undefined {
      const { packed } = packTemplate({ [name]: Buffer.alloc(256) });
      const answer = returnValueName(call('C_GetAttributeValue', session, object, packed, 1n));
      if (answer === 'CKR_ATTRIBUTE_SENSITIVE' || answer === 'CKR_ATTRIBUTE_TYPE_INVALID') return undefined;
      if (answer !== done) throw new CryptokiError(answer, `C_GetAttributeValue answered ${answer}`);
      const length = packed.readBigUInt64LE(16);
      return length === unavailableInformation ? undefined : packed.subarray(24, 24 + Number(length));
    },
    random(session: bigint, length: number): Buffer {
      const bytes = Buffer.alloc(length);
      run('C_GenerateRandom', session, bytes, BigInt(length));
      return bytes;
    },
    /** Some modules write a nonce of their own over the one they were given: the one to keep is in the answer. */
    encryptGcm(session: bigint, key: bigint, given: GcmParameters, plain: Buffer): { nonce: Buffer; sealed: Buffer } {
      const mechanism = packGcm(given);
      run('C_EncryptInit', session, mechanism, key);
      const sealed = Buffer.alloc(plain.length + 64);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(sealed.length));
      run('C_Encrypt', session, plain, BigInt(plain.length), sealed, length);
      const nonceBytes = Math.min(Number(mechanism.readBigUInt64LE(32)), given.nonce.length);
      return {
        nonce: Buffer.from(mechanism.subarray(gcmNonceAt, gcmNonceAt + nonceBytes)),
        sealed: sealed.subarray(0, Number(length.readBigUInt64LE())),
      };
    },
    decryptGcm(session: bigint, key: bigint, given: GcmParameters, sealed: Buffer): Buffer {
      const mechanism = packGcm(given);
      run('C_DecryptInit', session, mechanism, key);
      const plain = Buffer.alloc(sealed.length + 16);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(plain.length));
      run('C_Decrypt', session, sealed, BigInt(sealed.length), plain, length);
      // Some modules read the parameters only now: they may not have been collected.
      mechanism.fill(0);
      return plain.subarray(0, Number(length.readBigUInt64LE()));
    },
  };
}

function mechanismOf(type: number, parameterAddress: bigint, parameterLength: number): Buffer {
  const mechanism = Buffer.alloc(24);
  mechanism.writeBigUInt64LE(BigInt(type), 0);
  mechanism.writeBigUInt64LE(parameterAddress, 8);
  mechanism.writeBigUInt64LE(BigInt(parameterLength), 16);
  return mechanism;
}

function attributeEntries(template: Template): { type: number; value: Buffer }[] {
  const names = Object.keys(attribute).filter(isAttributeName);
  return names.flatMap((name) => {
    const value = template[name];
    if (value === undefined) return [];
    return [{ type: attribute[name], value: attributeBytes(value) }];
  });
}

function attributeBytes(value: AttributeValue): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0]);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function isAttributeName(name: string): name is AttributeName {
  return Object.hasOwn(attribute, name);
}
