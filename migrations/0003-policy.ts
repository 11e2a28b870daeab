import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Policy1764500000003 implements MigrationInterface {
  async up(_runner: QueryRunner): Promise<void> {}

  async down(_runner: QueryRunner): Promise<void> {}
}
