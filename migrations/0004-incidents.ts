import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Incidents1764500000004 implements MigrationInterface {
  async up(_runner: QueryRunner): Promise<void> {}

  async down(_runner: QueryRunner): Promise<void> {}
}
