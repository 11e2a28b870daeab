import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Reports1764500000007 implements MigrationInterface {
  async up(_runner: QueryRunner): Promise<void> {}

  async down(_runner: QueryRunner): Promise<void> {}
}
