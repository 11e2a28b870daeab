/**
 * Access: who may call. It promises that a key or session is known by its SHA-256 alone, that comparing takes the same
 * time whatever is wrong, that a revoked or expired one is refused at once, and that nothing here is ever logged.
 */
export { Access, type AccessKey, type Caller, type KeyKind } from './access.repository.js';
export { AccessKeyEntity, ConsoleSessionEntity, accessEntities } from './access.entity.js';
export { sameSecret } from './secret.js';
