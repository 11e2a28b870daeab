/** The table of positions, as the migrations make it. */
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'stream_position' })
@Check('stream_position_within', `partition >= 0 and next_offset >= 0`)
export class PositionEntity {
  @PrimaryColumn({ type: 'text', name: 'consumer_group', primaryKeyConstraintName: 'stream_position_key' })
  group: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'stream_position_key' })
  topic: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'stream_position_key' })
  partition: number;

  @Column({ type: 'bigint', name: 'next_offset' })
  next: number;

  @Column({ type: 'text', name: 'cluster_id' })
  clusterId: string;

  @Column({ type: 'timestamptz', name: 'moved_at', default: () => 'now()' })
  movedAt: Date;
}
