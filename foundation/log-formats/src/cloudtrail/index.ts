export { defaultCloudTrailLimits, parseCloudTrail, parseS3Notification } from './cloudtrail.ts';
export type { CloudTrailLimits, CloudTrailRecord, CloudTrailRefusalCode, S3ObjectReference } from './cloudtrail.ts';
