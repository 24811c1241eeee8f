import { createAccessPolicy } from '@sallyport/access-policy';
import type { AccessPolicy, PolicyTexts } from '@sallyport/access-policy';

/** Loads policies, and keeps those asked last with what they answered: a version is tried when it is staged, looked at and put into force. */
export type LoadedPolicies = {
  /** By all of their texts. It is let go by what is loaded later: two at a time are good. Throws as `createAccessPolicy`. */
  load(texts: PolicyTexts): AccessPolicy;
};

const most = 4;

export function createLoadedPolicies(): LoadedPolicies {
  const loaded = new Map<string, AccessPolicy>();
  return {
    load(texts) {
      const key = JSON.stringify([
        texts.schema,
        texts.policies.map(({ file, text, own }) => [file, text, own === true]),
      ]);
      const policy = loaded.get(key) ?? createAccessPolicy(texts);
      loaded.delete(key);
      loaded.set(key, policy);
      for (const [oldest, one] of loaded) {
        if (loaded.size <= most) break;
        loaded.delete(oldest);
        one.release();
      }
      return policy;
    },
  };
}
