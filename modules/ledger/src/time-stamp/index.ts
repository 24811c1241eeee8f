export { readAuthorities } from './certificate-path.ts';
export type { ReadCertificate } from './certificate-path.ts';
export { createTimeStampRequest, readTimeStampAnswer, timeStampAnswerType, timeStampRequestType } from './exchange.ts';
export { maxTokenBytes } from './parse-token.ts';
export { verifyTimeStampToken } from './verify-token.ts';
export type { TimeStamp, TimeStampVerification } from './verify-token.ts';
