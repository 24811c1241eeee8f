import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { canonicalJson, isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';

/**
 * Closes what of a task lies on disk: nobody reads or changes it who has not the credential of its run, and it belongs to the words it was
 * sealed with and to none else.
 */
export type TaskSeal = {
  seal(kept: JsonObject, of: JsonObject): string;
  /** Undefined where it was sealed by another run, for something else, or was changed. Never throws. */
  open(sealed: string, of: JsonObject): JsonObject | undefined;
};

const cipher = 'aes-256-gcm';
const [nonceBytes, tagBytes] = [12, 16];

/** `credential`: of the run; who has it speaks for the run anyway, and with the run it ends. */
export function createTaskSeal(credential: string): TaskSeal {
  const key = Buffer.from(hkdfSync('sha256', credential, '', 'sallyport mcp tasks 1', 32));
  const aboutOf = (of: JsonObject): Buffer => Buffer.from(canonicalJson(of));
  return {
    seal(kept, of) {
      const nonce = randomBytes(nonceBytes);
      const closing = createCipheriv(cipher, key, nonce).setAAD(aboutOf(of));
      const closed = Buffer.concat([closing.update(JSON.stringify(kept), 'utf8'), closing.final()]);
      return Buffer.concat([nonce, closing.getAuthTag(), closed]).toString('base64url');
    },
    open(sealed, of) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      try {
        const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
          .setAAD(aboutOf(of))
          .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        const text = Buffer.concat([opening.update(bytes.subarray(nonceBytes + tagBytes)), opening.final()]);
        const kept: unknown = parseJson(text.toString('utf8'));
        return isJsonObject(kept) ? kept : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
