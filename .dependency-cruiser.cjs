/** The rule of imports: what each part may know. Held by `npm run check`. */

/** Files that may touch Nest, the database, Kafka, mail and Node's I/O, by their names. */
const edges = '\\.(module|consumer|worker|controller|repository|entity|channel|client)\\.ts$';
const tests = '(\\.(spec|fixture)\\.ts$|/testing/|/testdata/)';
const outside = '(^|node_modules/)(@nestjs/|typeorm|pg($|/)|kafkajs|nodemailer)';

/** Which libs a lib must not know: knowledge runs from the left to the right of each line. */
const unknownTo = {
  outbound: 'database|telemetry|events|incidents|detection|paging|policy|reports|stream|access',
  database: 'telemetry|events|incidents|detection|paging|policy|reports|stream|access',
  telemetry: 'database|events|incidents|detection|paging|policy|reports|stream|access',
  events: 'incidents|detection|paging|policy|reports|stream|access',
  stream: 'incidents|detection|paging|policy|reports|access',
  incidents: 'detection|paging|policy|reports|access',
  detection: 'paging|policy|reports|stream|access',
  paging: 'detection|policy|reports|access',
  policy: 'reports|access',
};

module.exports = {
  forbidden: [
    {
      name: 'only-index',
      comment: "A lib's public surface is its index.ts; inside a lib import the file itself.",
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: tests },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/index\\.ts$'] },
    },
    {
      name: 'apps-only-index',
      comment: "A lib's public surface is its index.ts.",
      severity: 'error',
      from: { path: '^apps/', pathNot: tests },
      to: { path: '^libs/[^/]+/', pathNot: '^libs/[^/]+/index\\.ts$' },
    },
    {
      name: 'libs-never-apps',
      comment: 'Behaviour stands in libs; apps are wiring and nothing imports them.',
      severity: 'error',
      from: { path: '^libs/', pathNot: tests },
      to: { path: '^(apps|deploy|test)/' },
    },
    {
      name: 'kafkajs-in-stream',
      comment: 'All of kafkajs stands in libs/stream.',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: ['^libs/stream/', tests] },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'purity',
      comment:
        'What decides is pure: only files named for an edge may import Nest, TypeORM, pg, kafkajs or nodemailer.',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/(stream|database|telemetry)/', edges, tests] },
      to: { path: outside, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'purity-of-io',
      comment: "What decides is pure: only files named for an edge may import Node's I/O.",
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/(stream|database|telemetry)/', edges, tests] },
      to: {
        path: '^(node:)?(fs|fs/promises|net|tls|dgram|dns|http|https|http2|child_process|worker_threads|cluster)$',
        dependencyTypes: ['core'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or lack a third.',
      severity: 'error',
      from: { path: '^(apps|libs)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(unknownTo).map(([lib, others]) => ({
      name: `direction-of-${lib}`,
      comment: 'database, telemetry <- events <- incidents <- detection, paging <- policy <- reports',
      severity: 'error',
      from: { path: `^libs/${lib}/`, pathNot: tests },
      to: { path: `^libs/(${others})/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|apps/console/web)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
