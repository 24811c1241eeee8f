/** Policies that come with the product, the most open first. */
export const packNames = ['observe', 'developer', 'unattended', 'locked-down'] as const;
export type Pack = (typeof packNames)[number];
