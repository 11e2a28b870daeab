import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Paging1764500000005 implements MigrationInterface {
  async up(_runner: QueryRunner): Promise<void> {}

  async down(_runner: QueryRunner): Promise<void> {}
}
