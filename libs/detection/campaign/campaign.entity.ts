/** The campaign tables as TypeORM sees them; the migration is what makes them. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

@Entity({ name: 'campaign' })
@Check('campaign_merged', `merged_into is null or merged_into < id`)
@Check('campaign_texts', `texts >= 1`)
@Check('campaign_order', `first_at <= last_at`)
@Index('campaign_last_at', ['lastAt'], { where: 'merged_into is null' })
export class CampaignEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'campaign_key' }) id!: string;
  @Column({ type: 'text' }) background!: string;
  @Column({ type: 'timestamptz', name: 'first_at' }) firstAt!: Date;
  @Column({ type: 'timestamptz', name: 'last_at' }) lastAt!: Date;
  @Column({ type: 'integer', default: 1 }) texts!: number;
  @ForeignKey(() => CampaignEntity, { name: 'campaign_merged_into' })
  @Column({ type: 'text', name: 'merged_into', nullable: true })
  mergedInto!: string | null;
}

@Entity({ name: 'campaign_step' })
@Check('campaign_step_one_row', 'only_row')
export class CampaignStepEntity {
  @PrimaryColumn({ type: 'boolean', name: 'only_row', default: true, primaryKeyConstraintName: 'campaign_step_key' })
  onlyRow!: boolean;
  @Column({ type: 'bigint', default: 0 }) steps!: number;
}

export const detectionEntities = [CampaignEntity, CampaignStepEntity];
