import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

@Entity({ schema: 'tocsin', name: 'access_key' })
@Unique('access_key_hash_once', ['hash'])
@Check('access_key_kind', `kind in ('api', 'routing')`)
@Check('access_key_hash_is_sha256', `length(hash) = 32`)
export class AccessKeyEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'access_key_pk' }) id: string;
  @Column('text') kind: string;
  @Column('text') name: string;
  @Column('bytea') hash: Buffer;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('text', { name: 'created_by' }) createdBy: string;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  @Column('timestamptz', { name: 'used_at', nullable: true }) usedAt: Date | null;
}

@Entity({ schema: 'tocsin', name: 'console_session' })
@Check('console_session_hash_is_sha256', `length(hash) = 32`)
@Check('console_session_ends', `expires_at > created_at`)
@Index('console_session_expires', ['expiresAt'])
export class ConsoleSessionEntity {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'console_session_pk' }) hash: Buffer;
  @Column('text') who: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt: Date;
}

export const accessEntities = [AccessKeyEntity, ConsoleSessionEntity];
