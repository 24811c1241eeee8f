/** `config.resource` of routes about the camera that the path names. */
export const cameraById = { kind: 'camera', parameter: 'id' } as const;
