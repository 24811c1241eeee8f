/** Of the server, as every answer about it tells. */
export const version = '0.1.0';
